/** What a server of ours tells the process that started it, over the IPC channel. */
export type ServerMessage =
  | {
      readonly type: 'ready';
      readonly address: string;
      readonly port: number;
      readonly pids: readonly number[];
    }
  | { readonly type: 'progress'; readonly text: string }
  /** Starting is impossible; the text says why and what to do. */
  | { readonly type: 'failed'; readonly text: string };

/** Tells the parent, or a person when the server was started by hand. */
export function tell(message: ServerMessage): void {
  if (process.send !== undefined) {
    process.send(message);
    return;
  }
  if (message.type === 'ready') process.stderr.write(`ready on ${message.address}\n`);
  else process.stderr.write(`${message.text}\n`);
}

export function isServerMessage(value: unknown): value is ServerMessage {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
