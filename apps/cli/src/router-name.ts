/** Names of routers, as keys of Kafka messages. */
import { wrongUsage } from './terminal/cli-error.ts';
import { escapeValue } from './terminal/terminal.ts';

/** The processor takes no longer keys. */
export const routerBytesMost = 255;

/** @throws CliError (status 2) when no router can have that name */
export function checkRouter(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (name.trim() === '') throw wrongUsage('the name of the router is empty');
  if (bytes > routerBytesMost) {
    throw wrongUsage(`the name of the router has ${bytes} bytes: ${routerBytesMost} is the most`);
  }
  // eslint-disable-next-line no-control-regex -- controls are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) {
    throw wrongUsage(`the name of the router holds control characters: ${escapeValue(name)}`);
  }
  return name;
}
