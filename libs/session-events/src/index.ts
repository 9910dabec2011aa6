export { imageFields, sessionDeltaSchema } from './schema.ts';
