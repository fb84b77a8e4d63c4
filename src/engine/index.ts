export * from './embedded.ts';
export type * from './engine.ts';
export { restateEngine } from './restate/restate-engine.ts';
export { elsewhereBy } from './restate/elsewhere.ts';
export { startWorker, type RunningWorker, type WorkerRequest } from './restate/worker.ts';
export { siteWorker, type Site, type SiteWorker } from './site.ts';
