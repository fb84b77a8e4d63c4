export { VeleroKeeper } from './keeper.ts';
export { veleroShape, type VeleroSettings } from './settings.ts';
