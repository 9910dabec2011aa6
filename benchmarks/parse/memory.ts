/** Memory of `reel parse` while a long capture passes through it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Captures, Contender } from '../harness/index.ts';

const entry = fileURLToPath(new URL('../../apps/cli/src/reel.ts', import.meta.url));
/** As apps/cli/bin/reel.mjs gives them. */
const flags = ['--max-semi-space-size=1', '--heap-growing-percent=20'];

/** Peak of the process's memory until now, in MB. Linux only. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** The capture over and over, each time with other names, addresses and tunnels, up to `megabytes`. */
function* longCapture(input: Captures, megabytes: number): Generator<Buffer> {
  const text = (input.captures[0]?.parts ?? []).map((part) => part.toString('utf8')).join('');
  const lines = text.split('\n').filter((line) => !line.includes('@') || line.includes('Username'));
  yield Buffer.from('user@lns> show services l2tp session extensive\n');
  let sent = 0;
  let tunnel = 0;
  for (let round = 0; sent < megabytes * 1e6; round++) {
    const changed = lines.map((line) => {
      if (line.includes('Tunnel local ID:'))
        return line.replace(/Tunnel local ID: \d+/, () => `Tunnel local ID: ${tunnel++ % 65536}`);
      return line
        .replace(/Username: (\S+?)@/, `Username: $1-${round}@`)
        .replace(/: 100\.64\./, `: ${10 + (round % 200)}.64.`);
    });
    const bytes = Buffer.from(changed.join('\n'));
    sent += bytes.length;
    for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
  }
}

export function memory(megabytes: number): Contender<Captures> {
  return {
    name: 'reel parse',
    kind: 'ours',
    note: `${megabytes} MB through standard input, every name once`,
    rounds: 3,
    missing: () => Promise.resolve(process.platform === 'linux' ? null : 'peak memory is read from /proc'),
    setup: (input) => ({
      async run() {
        const child = spawn(process.execPath, [...flags, entry, 'parse', '-'], {
          stdio: ['pipe', 'ignore', 'ignore'],
        });
        let peak = 0;
        const watch = setInterval(() => {
          if (child.exitCode === null) peak = Math.max(peak, peakOf(child.pid ?? 0));
        }, 50);
        for (const bytes of longCapture(input, megabytes))
          if (!child.stdin.write(bytes)) await once(child.stdin, 'drain');
        child.stdin.end();
        const exited = once(child, 'exit');
        await exited;
        clearInterval(watch);
        return { values: { peak_mb: peak } };
      },
    }),
  };
}
