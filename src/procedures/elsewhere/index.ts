export { callOff, earlierKeys, undoneKeys } from './called-off.ts';
export { actForAnother, type ForAnother } from './for-another.ts';
export type { Elsewhere, StepAnswer, StepPacket } from './packet.ts';
