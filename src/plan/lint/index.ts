export { lint, pageOf } from './engine.ts';
export type { Rule } from './rule.ts';
export { rules } from './rules/index.ts';
