/** What the files of a data directory are, by their path relative to it; those of a tablespace are below `pg_tblspc/<oid>`. */

/** Contents that a backup must not bring back: they belong to the running server (backup.sgml), and the server leaves them out. */
export const throwAway =
  /^(postmaster\.(pid|opts)$|pg_(replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\/.)|(^|\/)(pgsql_tmp[^/]*|pg_internal\.init[^/]*)(\/|$)/;

/** What we wrote ourselves beside a restored copy that has become a source: it belongs to that start of it. */
export const ownFiles = /^lifeboat(\.log|\.conf|_hba\.conf|_ident\.conf|-standby\.json|-in-place\.json|-fork)$/;

/** Files of whole pages: cut at page boundaries, so that a changed row costs one piece. */
const relationFile = /(?:^|\/)(?:base\/\d+|global|PG_\d+_\d+\/\d+)\/(\d+)(?:_(fsm|vm|init))?(?:\.(\d+))?$/;

export interface RelationFile {
  readonly number: string;
  /** The main one has no name. */
  readonly fork: string | undefined;
  /** The first segment has no number; each holds `segment_size` pages. */
  readonly segment: number;
}

/** `undefined` for a file that does not hold pages of a table or index. */
export function relationOf(path: string): RelationFile | undefined {
  const found = relationFile.exec(path);
  if (found === null) return undefined;
  return { number: found[1] as string, fork: found[2], segment: Number(found[3] ?? 0) };
}
