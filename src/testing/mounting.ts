import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why this process may mount nothing, as containers mostly may not; undefined if it may. Tried with a mount that is gone at once. */
export const whyNoMount: string | undefined = (() => {
  if (process.geteuid?.() !== 0) return 'only root may mount a file system';
  const place = mkdtempSync(join(tmpdir(), 'lifeboat-mount-'));
  try {
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]);
    if (status !== 0) return 'this machine mounts no tmpfs';
    spawnSync('umount', [place]);
    return undefined;
  } finally {
    rmdirSync(place);
  }
})();
