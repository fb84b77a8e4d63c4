import type { Desk } from '../desk.ts';
import { drillRoutes } from './drills.ts';
import { eventRoutes } from './events.ts';
import { operationRoutes } from './operations.ts';
import { peopleRoutes } from './people.ts';
import { planRoutes } from './plan.ts';
import { pointRoutes } from './points.ts';
import { readinessRoutes } from './readiness.ts';
import { restoreRoutes } from './restores.ts';
import { runRoutes } from './runs.ts';
import { sessionRoutes } from './session.ts';

/** Every resource: one file each. */
export const routes: readonly ((desk: Desk) => void)[] = [
  sessionRoutes,
  readinessRoutes,
  pointRoutes,
  restoreRoutes,
  runRoutes,
  planRoutes,
  drillRoutes,
  operationRoutes,
  peopleRoutes,
  eventRoutes,
];
