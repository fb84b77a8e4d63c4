export { checkLive } from './live.ts';
export { liveList, livePages } from './pages.ts';
export { liveRules, type LiveRule } from './rules.ts';
export type { LiveRequest } from './world.ts';
