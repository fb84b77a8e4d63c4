import type { Desk } from '../desk.ts';
import { sessionRoutes } from './session.ts';

/** Every resource: one file each. */
export const routes: readonly ((desk: Desk) => void)[] = [sessionRoutes];
