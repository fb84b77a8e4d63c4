import { z } from 'zod';
import type { OthersBucketKind } from '../../stores/index.ts';
import type { Keeper, KeeperContext } from './keeper.ts';
import { CommandKeeper, commandSettings } from './keepers/command.ts';
import { CopiesKeeper, copiesShape, type CopiesSettings } from './keepers/copies.ts';
import { PgBackRestKeeper, pgbackrestSettings } from './keepers/pgbackrest.ts';
import { ResticKeeper, resticSettings } from './keepers/restic.ts';
import { VeleroKeeper, veleroShape, type VeleroSettings } from './keepers/velero/index.ts';
import { BucketPlace, type BucketAccess } from './places/bucket.ts';
import { FolderPlace, folderShape } from './places/folder.ts';
import type { Place } from './places/place.ts';

type PlaceSettings = { readonly folder: string } | BucketAccess;

/** What stands behind `from`: who keeps the copies, and where. */
export type From =
  | (CopiesSettings & PlaceSettings)
  | (VeleroSettings & { readonly velero: PlaceSettings })
  | z.infer<typeof resticSettings>
  | z.infer<typeof pgbackrestSettings>
  | z.infer<typeof commandSettings>;

/** The settings of every keeper; how a bucket is reached is the bucket’s own. */
export function fromSchema(buckets: OthersBucketKind): z.ZodType<From> {
  const bucketWith = (more: Readonly<Record<string, z.ZodType>>): z.ZodType =>
    z.strictObject({ ...buckets.shape, ...more }).superRefine((settings, context) => {
      const message = buckets.wrong(settings);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
  const velero = z
    .union([z.strictObject(folderShape), bucketWith({})])
    .describe('The backup storage location: a folder or bucket (with its prefix) in which "backups/" lies.');
  return z
    .union([
      z.strictObject({ ...folderShape, ...copiesShape }),
      bucketWith(copiesShape),
      z.strictObject({ velero, ...veleroShape }),
      resticSettings,
      pgbackrestSettings,
      commandSettings,
    ])
    .describe(
      'Who keeps the copies: a folder, a bucket, restic, pgBackRest, Velero, or programs that list and fetch them.',
    ) as z.ZodType<From>;
}

/** `isFile`: each copy is one file, not a tree. */
export function keeperOf(from: From, isFile: boolean, buckets: OthersBucketKind, context: KeeperContext): Keeper {
  if ('velero' in from) return new VeleroKeeper(from, placeOf(from.velero, buckets, context), context);
  if ('restic' in from) return new ResticKeeper(from, isFile, context);
  if ('pgbackrest' in from) return new PgBackRestKeeper(from, context);
  if ('list' in from) return new CommandKeeper(from, context);
  return new CopiesKeeper(from, placeOf(from, buckets, context), context);
}

const placeOf = (settings: PlaceSettings, buckets: OthersBucketKind, context: KeeperContext): Place =>
  'folder' in settings ? new FolderPlace(settings, context) : new BucketPlace(settings, buckets, context);
