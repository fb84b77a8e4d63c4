import { lazy, Suspense, type ComponentType, type ReactNode } from 'react';
import { RoomHead } from '../parts/parts.tsx';
import { Link } from './route.tsx';

/** The rooms as the way to them, their name, the key that goes there behind `g`, and what is loaded when somebody does. */
export const rooms = [
  { path: '/', name: 'Readiness', icon: 'readiness', key: 'h', onPhone: true },
  { path: '/points', name: 'Points', icon: 'points', key: 'p', onPhone: true },
  { path: '/runs', name: 'Runs', icon: 'runs', key: 'r', onPhone: true },
  { path: '/drills', name: 'Drills', icon: 'drills', key: 'd', onPhone: true },
  { path: '/plan', name: 'Plan', icon: 'plan', key: 'l', onPhone: false },
  { path: '/stores', name: 'Stores and keys', icon: 'stores', key: 's', onPhone: false },
] as const;

const Readiness = lazy(() => import('../rooms/readiness/readiness.tsx'));
const Points = lazy(() => import('../rooms/points/points.tsx'));
const Restore = lazy(() => import('../rooms/restore/wizard.tsx'));
const RestoreProgress = lazy(() => import('../rooms/restore/progress.tsx'));
const Runs = lazy(() => import('../rooms/runs/runs.tsx'));
const Run = lazy(() => import('../rooms/runs/run.tsx'));
const Start = lazy(() => import('../rooms/runs/start.tsx'));
const Drills = lazy(() => import('../rooms/drills/drills.tsx'));
const Drill = lazy(() => import('../rooms/drills/drill.tsx'));
const Plan = lazy(() => import('../rooms/plan/plan.tsx'));
const Stores = lazy(() => import('../rooms/stores/stores.tsx'));

const pages: readonly (readonly [RegExp, ComponentType<{ readonly id: string }>])[] = [
  [/^\/$/, Readiness],
  [/^\/points$/, Points],
  [/^\/restore$/, Restore],
  [/^\/restore\/([\w-]+)$/, RestoreProgress],
  [/^\/runs$/, Runs],
  [/^\/runs\/start$/, Start],
  [/^\/runs\/([\w-]+)$/, Run],
  [/^\/drills$/, Drills],
  [/^\/drills\/([\w-]+)$/, Drill],
  [/^\/plan$/, Plan],
  [/^\/stores$/, Stores],
];

/** The room that a path leads to. */
export function roomOf(path: string): ReactNode {
  for (const [pattern, Page] of pages) {
    const [, id = ''] = pattern.exec(path) ?? [];
    if (!pattern.test(path)) continue;
    return (
      <Suspense fallback={<p className="soft pulse">Opening …</p>}>
        <Page key={path} id={id} />
      </Suspense>
    );
  }
  return (
    <>
      <RoomHead title="There is no such room" />
      <p>
        Nothing is at <code>{path}</code>. <Link to="/">Readiness</Link> is where everything begins.
      </p>
    </>
  );
}
