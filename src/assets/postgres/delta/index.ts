import type { InPlaceKeeping } from '../../in-place.ts';
import { captureStopped } from './capture-stopped.ts';
import { differenceOf } from './difference.ts';
import { forkCluster } from './fork.ts';
import { lifeOf } from './life.ts';
import { lookInPlace, settleTrial } from './look.ts';
import { barCluster, finishCluster, rewriteCluster } from './rewrite.ts';

/** A data directory that becomes what it was, by what differs. `urlOfCopy`: how a server that we start on it is asked. */
export const inPlaceKeeping = (
  urlOfCopy: (facts: Readonly<Record<string, unknown>>) => Promise<string>,
): InPlaceKeeping => ({
  look: (target) => lookInPlace(target),
  life: lifeOf,
  settle: settleTrial,
  capture: captureStopped,
  difference: differenceOf,
  rewrite: rewriteCluster,
  fork: async (target, options) => forkCluster(target, await urlOfCopy(options.facts), options),
  bar: barCluster,
  finish: finishCluster,
});
