export { openWeb, withWeb, type Web, type WebAnswer } from './files.ts';
