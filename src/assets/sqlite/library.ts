/**
 * SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when two connections write and checkpoint at the same moment
 * (the WAL-reset bug, fixed in 3.51.3). We only read, but whoever writes with such a library is at risk, and our bundled one
 * tells what this machine's Node brings.
 */
export function libraryRisk(journalMode: string, version = process.versions['sqlite'] ?? ''): string[] {
  if (journalMode !== 'wal' || !inRange(version)) return [];
  return [
    `the SQLite ${version} bundled with this Node has the WAL-reset bug (fixed in 3.51.3): programs that write this database with 3.7.0 to 3.51.2 can corrupt it; integrity is checked at every restore`,
  ];
}

function inRange(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const value = major * 1_000_000 + minor * 1_000 + patch;
  return value >= 3_007_000 && value <= 3_051_002;
}
