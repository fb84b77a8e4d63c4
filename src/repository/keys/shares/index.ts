export {
  combineShares,
  looksLikeShare,
  readShare,
  splitFreshIdentity,
  type ReadShare,
  type SplitIdentity,
} from './shares.ts';
