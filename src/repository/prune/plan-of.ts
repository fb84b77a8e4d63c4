import type { DamageLog } from '../damage.ts';
import type { Damage } from '../repository.ts';
import type { Census } from './census.ts';
import type { Choice } from './choose.ts';
import type { Needs } from './needs.ts';
import type { Amount, PrunePlan } from './prune-contract.ts';
import type { Writers } from './writers.ts';

export interface PlanOf {
  readonly choice: Choice;
  readonly census: Census;
  readonly needs: Needs;
  readonly writers: Writers;
  readonly log: DamageLog;
  readonly damage: readonly Damage[];
}

/** The choice in numbers, for people and for the record. */
export function planOf({ choice, census, needs, writers, log, damage }: PlanOf): PrunePlan {
  const amountOf = (packs: readonly number[]): Amount => ({
    packs: packs.length,
    bytes: packs.reduce((total, pack) => total + census.bytesOf(pack), 0),
  });
  const usedBytesOf = (packs: readonly number[]): number =>
    packs.reduce((total, pack) => total + census.usedBytes(pack), 0);
  const unreadable = {
    packs: census.unreadable.length,
    bytes: census.unreadable.reduce((total, { bytes }) => total + bytes, 0),
  };
  const partly = amountOf(choice.partlyUnused);
  const present = amountOf([...census.present]);
  return {
    points: needs.points.size,
    broken: needs.broken,
    held: { packs: present.packs + unreadable.packs, bytes: present.bytes + unreadable.bytes },
    kept: amountOf(choice.kept),
    unneeded: amountOf(choice.unneeded),
    condemned: amountOf(choice.condemned.filter((pack) => census.usedBytes(pack) === 0)),
    rewritten: { ...amountOf(choice.rewritten), movedBytes: usedBytesOf(choice.rewritten) },
    partlyUnused: { ...partly, unusedBytes: partly.bytes - usedBytesOf(choice.partlyUnused) },
    outdated: {
      ...amountOf(choice.outdated),
      movedBytes: usedBytesOf(choice.outdated.filter((pack) => choice.rewritten.includes(pack))),
    },
    busy: amountOf(choice.busy),
    unreadable,
    writers: writers.open,
    damage: [...damage, ...log.list()],
  };
}
