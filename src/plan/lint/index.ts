export { allRules, lint, pageOf, waive } from './engine.ts';
export { rulePages } from './pages.ts';
export type { Rule } from './rule.ts';
export { survivalPicture } from './survival/picture.ts';
export { survivalOf, type AssetSurvival, type Survival } from './survival/survival.ts';
export { sentenceDuration } from './words.ts';
export { rhythmOf } from './facts/rhythm.ts';
