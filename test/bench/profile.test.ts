import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { attribute, type CpuProfile } from '../../bench/profile/attribute.ts';

import { prepare, smallPlace } from '../support/small-place.ts';

const finished = promisify(execFile);
const home = 'file:///somewhere/src';

describe('where the time goes', () => {
  it('is told by what a function of ours calls, and belongs to the nearest file of ours', () => {
    expect(
      shareOf(['update', 'node:internal/crypto/hash'], ['chunkIdNow', `${home}/repository/format/chunk-codec.ts`]),
    ).toEqual({ phase: 'hash', place: 'repository/format/chunk-codec.ts' });
    expect(
      shareOf(['writeBuffer', ''], ['writeSync', 'node:fs'], ['writeWhole', `${home}/repository/pool/worker.ts`]),
    ).toEqual({ phase: 'write', place: 'repository/pool/worker.ts' });
    expect(shareOf(['fsync', ''], ['fsyncSync', 'node:fs'], ['makeDurable', `${home}/core/durable.ts`])).toEqual({
      phase: 'sync',
      place: 'core/durable.ts',
    });
  });

  it('tells packing from unpacking and sealing from opening by the function that asked for it', () => {
    const zlib = ['processChunkSync', 'node:zlib'] as const;
    expect(shareOf(zlib, ['encodeChunkNow', `${home}/repository/format/chunk-codec.ts`]).phase).toBe('compress');
    expect(shareOf(zlib, ['decodeChunkNow', `${home}/repository/format/chunk-codec.ts`]).phase).toBe('decompress');
    const own = ['write', `${home}/repository/format/zstd.ts`] as const;
    expect(shareOf(['writeSync', ''], own, ['packNow', own[1]]).phase).toBe('compress');
    expect(shareOf(['writeSync', ''], own, ['unpackNow', own[1]]).phase).toBe('decompress');
    const cipher = ['update', 'node:internal/crypto/cipher'] as const;
    expect(shareOf(cipher, ['sealNow', `${home}/repository/format/seal.ts`]).phase).toBe('seal');
    expect(shareOf(cipher, ['openNow', `${home}/repository/format/seal.ts`]).phase).toBe('open');
  });

  it('is waiting when a thread has nothing to do, and the start when files of the program are read', () => {
    expect(shareOf(['(idle)', '']).phase).toBe('wait');
    expect(
      shareOf(
        ['read', ''],
        ['readSync', 'node:fs'],
        ['load', 'node:internal/modules/esm/load'],
        ['load', `${home}/cli/main.ts`],
      ),
    ).toEqual({ phase: 'start', place: 'cli/main.ts' });
  });

  it('is our own code where a library works for us, whatever its functions are called', () => {
    expect(shareOf(['constructor', 'file:///x/node_modules/zod/core.js'], ['parse', `${home}/plan/load.ts`])).toEqual({
      phase: 'own code',
      place: 'plan/load.ts',
    });
  });

  it('adds up to the time of all samples', () => {
    const shares = attribute({
      nodes: [
        { id: 1, callFrame: { functionName: '(root)', url: '' }, children: [2, 3] },
        { id: 2, callFrame: { functionName: '(idle)', url: '' } },
        { id: 3, callFrame: { functionName: 'split', url: `${home}/repository/write/chunker.ts` } },
      ],
      samples: [2, 3, 3, 2],
      timeDeltas: [1000, 2000, 3000, 4000],
      startTime: 0,
      endTime: 10_000,
    });
    expect(shares).toEqual([
      { phase: 'wait', place: '', seconds: 0.005 },
      { phase: 'cut', place: 'repository/write/chunker.ts', seconds: 0.005 },
    ]);
  });
});

describe('a command that is profiled', () => {
  it('leaves its profile, also where it would end at once (a backup of files)', async () => {
    const place = await smallPlace();
    try {
      await prepare(place);
      const folder = place.path('profiles');
      const { stdout } = await finished(join(import.meta.dirname, '..', '..', 'bin', 'lifeboat'), ['backup', 'docs'], {
        cwd: place.folder,
        env: { ...process.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` },
      });
      expect(stdout).toContain('docs');
      expect(await readdir(folder)).toContainEqual(expect.stringMatching(/\.0\.\d+\.cpuprofile$/));
    } finally {
      await place.remove();
    }
  });
});

/** What one sample of this stack, from the function at work outwards, is taken for. */
function shareOf(...stack: (readonly [name: string, url: string])[]): { phase: string; place: string } {
  const outwards = [...stack, ['(root)', ''] as const];
  const nodes: CpuProfile['nodes'] = outwards.map(([functionName, url], index) => ({
    id: index + 1,
    callFrame: { functionName, url },
    ...(index === 0 ? {} : { children: [index] }),
  }));
  const [share] = attribute({ nodes, samples: [1], timeDeltas: [1000], startTime: 0, endTime: 1000 });
  const { phase, place } = share as { phase: string; place: string };
  return { phase, place };
}
