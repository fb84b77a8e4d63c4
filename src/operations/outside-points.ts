import type { OutsidePoint, PointContents } from '../assets/index.ts';
import { isLifeboatError, LifeboatError } from '../core/index.ts';
import type { Damage, Point } from '../repository/index.ts';
import type { Workspace } from './contract.ts';

export interface KeptOutside {
  readonly point: Point;
  /** Where it is kept, for people, in the place of the stores of the plan. */
  readonly stores: string[];
}

/** Copies of an asset that others make and keep, as points; undefined for an asset whose points are in the stores of the plan. */
export async function outsidePoints(
  workspace: Workspace,
  asset: string,
  signal?: AbortSignal,
): Promise<KeptOutside[] | undefined> {
  const { type, outside } = ofAsset(workspace, asset);
  if (outside === undefined) return undefined;
  const listed = await outside(signal === undefined ? {} : { signal });
  return listed.map((one) => ({ point: pointOf(one, asset, type), stores: [one.keptIn] }));
}

/** Throws `asset.unsupported` for an asset whose copies others make: there is nothing to back up. */
export function mustBeOurs(workspace: Workspace, asset: string): void {
  if (!isKeptOutside(workspace, asset)) return;
  throw new LifeboatError('asset.unsupported', `the copies of ${asset} are made by others`, {
    where: asset,
    hint: `Lifeboat lists, judges and restores them: lifeboat points ${asset}, lifeboat verify ${asset}`,
  });
}

/** Whether others make the copies of this asset; an asset of a type that nothing executes yet has none. */
export const isKeptOutside = (workspace: Workspace, asset: string): boolean =>
  ofAsset(workspace, asset).outside !== undefined;

function ofAsset(
  workspace: Workspace,
  name: string,
): { type: string; outside: ((options: { signal?: AbortSignal }) => Promise<OutsidePoint[]>) | undefined } {
  try {
    const asset = workspace.asset(name);
    return { type: asset.type, outside: asset.outside?.bind(asset) };
  } catch (error) {
    // Of a type that nothing executes yet, or of an asset that the plan has no more: its points, if any, are in the stores.
    if (isLifeboatError(error, 'plan.not_executable') || isLifeboatError(error, 'plan.unknown_name'))
      return { type: 'unknown', outside: undefined };
    throw error;
  }
}

function pointOf(
  { id, atMs, bytes, storedBytes, files, kind, keptIn, host }: OutsidePoint,
  asset: string,
  type: string,
): Point {
  const source = { id: keptIn, description: keptIn };
  return {
    id,
    asset,
    assetType: type,
    kind,
    atMs,
    createdMs: atMs,
    host: host ?? '',
    bytes: bytes ?? storedBytes ?? 0,
    files: files ?? 0,
    storedBytes: storedBytes ?? 0,
    seconds: 0,
    planHash: '',
    tool: keptIn,
    facts: { atMs, kind, source, facts: { outside: id }, warnings: [] },
  };
}

/** Whether a point is one of these: what it holds is fetched by its asset. */
export const isOutsidePoint = ({ facts }: Point): boolean => facts.facts['outside'] !== undefined;

/** What such a point holds here: its asset fetches the rest. */
export const nothingButFacts = ({ facts }: Point): PointContents & { damage(): Damage[] } => ({
  facts: facts.facts,
  entries: async function* none() {},
  read: () => {
    throw new LifeboatError('internal', 'a copy that others keep is read by its asset');
  },
  writeTree: () => {
    throw new LifeboatError('internal', 'a copy that others keep is written by its asset');
  },
  damage: () => [],
});
