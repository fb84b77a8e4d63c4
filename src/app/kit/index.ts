export { makeKit, type KitFile, type KitRecord, type KitRequest } from './kit.ts';
export { verifyKit, type KitVerdict } from './verify-kit.ts';
