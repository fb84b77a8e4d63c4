import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LifeboatError, toLifeboatError } from './index.ts';

test('what the machine refused is never called a mistake of ours', async () => {
  const reason = (code: string): Error => Object.assign(new Error(`${code}: said by the system`), { code });
  const codes = Object.fromEntries(
    ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE', 'ENOMEM'].map((code) => [
      code,
      toLifeboatError(reason(code)).code,
    ]),
  );
  expect(codes).toEqual({
    ENOSPC: 'disk.full',
    EDQUOT: 'disk.full',
    EROFS: 'disk.denied',
    EACCES: 'disk.denied',
    EIO: 'disk.io',
    EMFILE: 'machine.exhausted',
    ENOMEM: 'machine.exhausted',
  });
});

test('memory that V8 does not get is the machine’s lack, and no mistake of ours', () => {
  const refused = [
    () => new ArrayBuffer(2 ** 46),
    () => new SharedArrayBuffer(2 ** 46),
    () => Buffer.allocUnsafeSlow(2 ** 46),
    () => {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory');
    },
  ];
  for (const ask of refused) {
    let thrown: unknown;
    try {
      ask();
    } catch (error) {
      thrown = error;
    }
    expect(toLifeboatError(thrown)).toMatchObject({
      code: 'machine.exhausted',
      message: expect.stringMatching(/allocat/) as string,
      hint: expect.stringContaining('memory') as string,
      cause: thrown,
    });
  }
  const ofThread = Object.assign(new Error('Worker terminated due to reaching memory limit: JS heap out of memory'), {
    code: 'ERR_WORKER_OUT_OF_MEMORY',
  });
  expect(toLifeboatError(ofThread).code).toBe('machine.exhausted');
  expect(toLifeboatError(new RangeError('Invalid time value')).code).toBe('internal');
});

test('what the system really says of a full device is in our words, with the original as the cause', async () => {
  const device = await open('/dev/full', 'w').catch(() => undefined);
  if (device === undefined) return; // this system has no such device
  const error: unknown = await device.writeFile('x').catch((thrown: unknown) => thrown);
  await device.close();
  expect(toLifeboatError(error)).toMatchObject({ code: 'disk.full', exitCode: 4, cause: error });
});

test('our own errors pass, and anything else is a mistake of ours', async () => {
  const ours = new LifeboatError('point.none', 'none');
  expect(toLifeboatError(ours)).toBe(ours);
  expect(toLifeboatError(new TypeError('x is not a function'))).toMatchObject({ code: 'internal', exitCode: 70 });
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-errors-'));
  await writeFile(join(folder, 'file'), '');
  const missing: unknown = await open(join(folder, 'no', 'file')).catch((thrown: unknown) => thrown);
  expect(toLifeboatError(missing).code).toBe('internal');
  await rm(folder, { recursive: true });
});
