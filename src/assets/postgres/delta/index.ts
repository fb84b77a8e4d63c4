import type { InPlaceKeeping } from '../../in-place.ts';
import { captureStopped } from './capture-stopped.ts';
import { differenceOf } from './difference.ts';
import { lifeOf } from './life.ts';
import { lookInPlace, settleTrial } from './look.ts';
import { barCluster, finishCluster, rewriteCluster } from './rewrite.ts';

/** A data directory that becomes what it was, by what differs. */
export const inPlaceKeeping: InPlaceKeeping = {
  look: (target) => lookInPlace(target),
  life: lifeOf,
  settle: settleTrial,
  capture: captureStopped,
  difference: differenceOf,
  rewrite: rewriteCluster,
  bar: barCluster,
  finish: finishCluster,
};
