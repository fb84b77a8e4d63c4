export * from './decide.ts';
export { retentionRules, type RetentionRules, type RetentionTier } from './rules.ts';
export { retentionTiers, type TierDecision } from './tiers.ts';
