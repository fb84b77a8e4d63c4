/**
 * SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when two connections write and checkpoint at the same moment
 * (the WAL-reset bug, fixed in 3.51.3). We only read, but our own connection may be the one that checkpoints, and the library
 * of this Node tells what the programs beside it are likely to use. Empty when there is nothing to say.
 */
export function libraryRisk(journalMode: string, version = process.versions['sqlite'] ?? ''): string[] {
  if (journalMode !== 'wal' || !inRange(version)) return [];
  return [
    `SQLite ${version} in this Node has the WAL-reset bug (3.7.0 to 3.51.2, fixed in 3.51.3): two connections that write and checkpoint a WAL database at the same moment can corrupt it. Use a newer Node, and look at the SQLite of the programs that write this database.`,
  ];
}

function inRange(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const value = major * 1_000_000 + minor * 1_000 + patch;
  return value >= 3_007_000 && value <= 3_051_002;
}
