/** The entry of the command `reel`; bin/reel.mjs runs it on the pinned Node. */
import { main } from './main.ts';

// A reader that has seen enough (`reel history … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await main(process.argv.slice(2));
