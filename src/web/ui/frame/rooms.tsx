import { lazy, Suspense, type ComponentType, type ReactNode } from 'react';
import { isAtLeast, type Role } from '../../../api/contract/words.ts';
import { RoomHead } from '../parts/parts.tsx';
import type { Icon } from './icons.tsx';
import { Link } from './route.tsx';

interface Room {
  readonly path: string;
  readonly name: string;
  readonly icon: Parameters<typeof Icon>[0]['name'];
  /** Behind `g`. */
  readonly key: string;
  /** One of the few that a thumb reaches at once. */
  readonly onPhone: boolean;
  readonly needs: Role;
}

const all: readonly Room[] = [
  { path: '/', name: 'Readiness', icon: 'readiness', key: 'h', onPhone: true, needs: 'viewer' },
  { path: '/points', name: 'Points', icon: 'points', key: 'p', onPhone: true, needs: 'viewer' },
  { path: '/runs', name: 'Runs', icon: 'runs', key: 'r', onPhone: true, needs: 'viewer' },
  { path: '/drills', name: 'Drills', icon: 'drills', key: 'd', onPhone: true, needs: 'viewer' },
  { path: '/plan', name: 'Plan', icon: 'plan', key: 'l', onPhone: false, needs: 'viewer' },
  { path: '/stores', name: 'Stores and keys', icon: 'stores', key: 's', onPhone: false, needs: 'viewer' },
  { path: '/people', name: 'Accounts', icon: 'people', key: 'a', onPhone: false, needs: 'viewer' },
  { path: '/audit', name: 'Audit', icon: 'audit', key: 'u', onPhone: false, needs: 'admin' },
];

/** Where somebody of this role may go. */
export const roomsFor = (role: Role): readonly Room[] => all.filter(({ needs }) => isAtLeast(role, needs));

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
const People = lazy(() => import('../rooms/people/people.tsx'));
const Audit = lazy(() => import('../rooms/audit/audit.tsx'));

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
  [/^\/people$/, People],
  [/^\/audit$/, Audit],
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
