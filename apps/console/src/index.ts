export { Console } from './console.ts';
export { builtPage } from './page-build.ts';
export { copyFleet } from './fleet-copy.ts';
export { consoleSettings, type ConsoleSettings } from './settings.ts';
