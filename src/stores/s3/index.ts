export { s3Store } from './s3-kind.ts';
