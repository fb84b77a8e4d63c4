export { allRules, lint, pageOf } from './engine.ts';
export type { Rule } from './rule.ts';
