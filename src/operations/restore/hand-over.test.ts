import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { handOver } from './staging.ts';

vi.mock('node:fs/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs/promises')>()),
  unlink: async (path: string) => {
    throw Object.assign(new Error(`EIO: i/o error, unlink '${path}'`), { code: 'EIO' });
  },
}));

it('a file that stands whole at its target is handed over, also where its name before that cannot be taken away: it is said, and nothing failed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-hand-over-'));
  try {
    const [staging, target] = [join(folder, '.mail.lifeboat-1'), join(folder, 'mail')];
    await writeFile(staging, 'a database');
    const warnings: string[] = [];
    await handOver(staging, target, (sentence) => void warnings.push(sentence));
    expect(await readFile(target, 'utf8')).toBe('a database');
    expect((await stat(target)).nlink).toBe(2);
    expect(warnings).toEqual([expect.stringContaining(staging)]);
    expect(warnings[0]).toMatch(/still has the name .* too \(EIO.*: remove that name/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('what somebody else made at the target meanwhile is not replaced', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-hand-over-'));
  try {
    const [staging, target] = [join(folder, '.docs.lifeboat-1'), join(folder, 'docs')];
    await mkdir(staging);
    await writeFile(target, 'of somebody else');
    const refused = { code: 'restore.target_not_empty' };
    await expect(handOver(staging, target, () => {})).rejects.toMatchObject(refused);
    await rm(staging, { recursive: true });
    await writeFile(staging, 'a database');
    await expect(handOver(staging, target, () => {})).rejects.toMatchObject(refused);
    expect(await readFile(target, 'utf8')).toBe('of somebody else');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
