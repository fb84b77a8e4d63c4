export { allRules, lint, pageOf } from './engine.ts';
export { rulePages } from './pages.ts';
export type { Rule } from './rule.ts';
