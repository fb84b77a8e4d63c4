import { formatBytes, LifeboatError } from '../../core/index.ts';
import {
  backupEverywhere,
  copyFailure,
  copyPoints,
  isKeptOutside,
  unknownAsset,
  verify,
  type BackupReport,
  type ReadingAsked,
  type Workspace,
} from '../../operations/index.ts';
import type { StartVerification } from '../contract/index.ts';

/** Points of these assets, or of all whose copies we make, and their copies, as `lifeboat backup` takes them. Throws the first thing that went wrong. */
export async function takePoints(workspace: Workspace, named: readonly string[], signal: AbortSignal): Promise<string> {
  const { plan } = workspace;
  mustBeKnown(workspace, named);
  const assets = named.length > 0 ? named : [...plan.assets.keys()].filter((asset) => !isKeptOutside(workspace, asset));
  const reports: BackupReport[] = [];
  const failures: unknown[] = [];
  for (const asset of assets) {
    signal.throwIfAborted();
    try {
      const done = await backupEverywhere(workspace, asset, signal);
      reports.push(...done.reports);
      failures.push(...done.failures);
    } catch (error) {
      failures.push(error); // one asset's trouble does not keep the others from being protected
    }
  }
  const copied = await copyPoints(workspace, reports, signal);
  failures.push(...copied.failures, ...copied.copies.flatMap((copy) => copyFailure(copy) ?? []));
  if (failures.length > 0) throw failures[0];
  const stored = reports.reduce((sum, { point }) => sum + point.storedBytes, 0);
  return `${reports.length} points, ${formatBytes(stored)} new`;
}

/** As `lifeboat verify` reads. Throws what is damaged or unmet first. */
export async function readBack(
  workspace: Workspace,
  { assets = [], reading = 'due' }: StartVerification,
  signal: AbortSignal,
): Promise<string> {
  mustBeKnown(workspace, assets);
  const everything = reading === 'everything';
  const less: { reading?: ReadingAsked } = reading === 'due' || reading === 'structure' ? { reading } : {};
  const { results, checks, failures } = await verify(workspace, { assets, everything, signal, ...less });
  const [damaged] = results.flatMap(({ store, damage }) => damage.map((one) => ({ store, ...one })));
  if (damaged !== undefined)
    throw new LifeboatError(damaged.code, `${damaged.store}: ${damaged.object}: ${damaged.what}`, {
      where: damaged.object,
      hint: 'Take new points now, then look after the disk or bucket.',
    });
  if (failures[0] !== undefined) throw failures[0];
  const unmet = checks.find(({ verdict }) => verdict !== 'ok');
  if (unmet !== undefined)
    throw new LifeboatError('verify.unmet', `${unmet.asset} in ${unmet.store}: ${unmet.check}: ${unmet.words}`);
  return `${formatBytes(results.reduce((sum, { checked }) => sum + checked.bytes, 0))} read, all sound`;
}

export function mustBeKnown({ plan }: Pick<Workspace, 'plan'>, assets: readonly string[]): void {
  const unknown = assets.find((asset) => !plan.assets.has(asset));
  if (unknown !== undefined) throw unknownAsset(plan, unknown);
}
