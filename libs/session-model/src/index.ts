export * from './batch.ts';
export * from './catalogue.ts';
export * from './delta.ts';
export * from './record.ts';
export * from './row.ts';
export * from './snapshot.ts';
export * from './strings.ts';
