export { fsStore, openFsStore } from './fs-store.ts';
