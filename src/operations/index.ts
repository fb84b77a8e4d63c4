export * from './backup.ts';
export { isBeingTaken } from './being-taken.ts';
export * from './contract.ts';
export { basesOf } from './log-bases.ts';
export { knownLog } from './log-damage.ts';
export { isKeptOutside } from './outside-points.ts';
export * from './points.ts';
export * from './stores-of.ts';
export * from './verify.ts';
export {
  differenceInPlace,
  planInPlace,
  restoreInPlace,
  type InPlacePlan,
  type InPlaceReport,
} from './in-place/in-place.ts';
export * from './in-place/fork.ts';
export * from './in-place/undo-in-place.ts';
export * from './replication/replicate.ts';
export * from './replication/shipping.ts';
export * from './restore/asset-hash.ts';
export * from './restore/choose-point.ts';
export { laterTexts } from './restore/later-lives.ts';
export * from './restore/restore-tables.ts';
export * from './restore/restore.ts';
export * from './retention/forget.ts';
export * from './retention/holds.ts';
export * from './retention/locks.ts';
export * from './retention/prune.ts';
export * from './retention/rekey.ts';
export * from './retention/retention.ts';
export * from './retention/thaw.ts';
export * from './retention/tiers.ts';
export {
  keptStandby,
  promotedBefore,
  promoteStandby,
  type KeptStandby,
  type PromotedBefore,
  type PromoteReport,
  type PromoteRequest,
} from './standby/promote-standby.ts';
export { isAtWork, standbyLines } from './standby/standby-lines.ts';
export { standby, type StandbyLine, type StandbyRequest } from './standby/standby.ts';
export * from './streaming/push-log.ts';
export * from './streaming/stream-state.ts';
export * from './streaming/stream.ts';
export type { ReadingAsked } from './verification/asked.ts';
export type { DutyCheck } from './verification/duties.ts';
export { holesOfLog, logStoresOf, type JudgedHole } from './verification/log-holes.ts';
export * from './under-policy.ts';
