export { Inserter, type Offsets, type Target } from './inserter.ts';
export { Loader, readerOf, type LoaderOptions, type Shelf, type Source } from './loader.ts';
export { loaderMetrics, type LoaderMetrics } from './metrics.ts';
export { loaderSettings, type LoaderSettings } from './settings.ts';
