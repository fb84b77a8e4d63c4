export { unlockFrom, type GivenKey } from './given.ts';
export { openRings, withRings, type NamedRing, type OpenRings, type RingRequest } from './rings.ts';
export { shareKeys, type ShareReport, type ShareRequest } from './share.ts';
export { recordOf as keyTestRecord, testKeys, type KeyTest } from './test-keys.ts';
