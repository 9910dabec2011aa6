/** Which Kafka answers: the versions of requests that a broker takes tell its age; no request asks for its release. */
import { connect } from 'node:net';

export interface BrokerAge {
  /** Kafka 4 or later: the protocol of before 2.1 is no longer taken (KIP-896). */
  readonly isFourOrLater: boolean;
}

const apiVersionsKey = 18;
const fetchKey = 1;

/** Asks one broker (`host:port`) by ApiVersions, version 0. Plain TCP only. */
export async function brokerAge(broker: string, limitMs = 3_000): Promise<BrokerAge> {
  const colon = broker.lastIndexOf(':');
  const answer = await ask(broker.slice(0, colon), Number(broker.slice(colon + 1)), limitMs);
  // Correlation id, error code, then an array of (key, least version, greatest version).
  const count = answer.readInt32BE(6);
  for (let i = 0; i < count; i += 1) {
    const at = 10 + i * 6;
    if (answer.readInt16BE(at) === fetchKey) return { isFourOrLater: answer.readInt16BE(at + 2) >= 4 };
  }
  throw new Error(`${broker} is not a Kafka broker`);
}

function ask(host: string, port: number, limitMs: number): Promise<Buffer> {
  const client = Buffer.from('reel-doctor');
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(apiVersionsKey, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: limitMs });
    let got = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('connect', () => socket.write(request));
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no answer within ${limitMs} ms`)));
    socket.once('close', () => fail(new Error('the connection was closed')));
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < 4 || got.length < 4 + got.readInt32BE(0)) return;
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(got.subarray(4));
    });
  });
}
