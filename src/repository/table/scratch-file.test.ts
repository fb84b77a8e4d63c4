import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { readScratch, ScratchFile } from './scratch-file.ts';

describe('a file without a name', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lifeboat-scratch-'));
    vi.stubEnv('TMPDIR', place);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(place, { recursive: true });
  });

  const isWhole = (file: ScratchFile): boolean => {
    file.write(Buffer.from('some bytes'), 3);
    const read = Buffer.alloc(5);
    readScratch(file.number, read, 8);
    return read.toString() === 'bytes';
  };
  const placeOf = (file: ScratchFile): string => readlinkSync(`/proc/self/fd/${file.number}`);

  it('stands in the folder for temporary files, where nobody sees it', () => {
    const file = new ScratchFile();
    expect(isWhole(file)).toBe(true);
    expect(placeOf(file).startsWith(place)).toBe(true);
    expect(readdirSync(place)).toEqual([]);
    file.close();
  });

  it('stands in another one where that is none', () => {
    vi.stubEnv('TMPDIR', join(place, 'missing'));
    const file = new ScratchFile();
    expect(isWhole(file)).toBe(true);
    file.close();
  });

  it('that ends where it should not is a disk that failed', () => {
    const file = new ScratchFile();
    expect(isWhole(file)).toBe(true);
    const asked = (): void => readScratch(file.number, Buffer.alloc(6), 8);
    expect(asked).toThrow(
      expect.objectContaining({ code: 'disk.io', hint: expect.stringContaining(`the disk of ${place}, or`) as string }),
    );
    file.close();
  });

  it('is closed when nobody can use it any more', async () => {
    const open = (): number =>
      readdirSync('/proc/self/fd').filter((one) => {
        try {
          return readlinkSync(`/proc/self/fd/${one}`).startsWith(place);
        } catch {
          return false; // the one that reads the folder itself
        }
      }).length;
    (() => {
      for (let i = 0; i < 50; i += 1) expect(isWhole(new ScratchFile())).toBe(true);
    })();
    const kept = new ScratchFile();
    expect(open()).toBe(51);
    for (let again = 0; again < 20 && open() > 1; again += 1) {
      liveHeapBytes();
      await setTimeout(20);
    }
    expect(open()).toBe(1);
    expect(isWhole(kept)).toBe(true);
    kept.close();
  });
});
