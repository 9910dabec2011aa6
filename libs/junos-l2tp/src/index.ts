export * from './frame.ts';
export * from './layout.ts';
export * from './print.ts';
export * from './reader.ts';
export * from './snapshot-builder.ts';
export * from './values.ts';
