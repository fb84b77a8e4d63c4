import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { describeSource, readSecret, readText } from './secret-source.ts';
import { redact } from './secrets.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-secret-'))));
afterEach(() => rm(folder, { recursive: true }));

const unset = { code: 'secret.unset', hint: expect.any(String) };

describe('a secret', () => {
  it('comes from the environment, a file or a program, without one newline at its end', async () => {
    process.env['LIFEBOAT_TEST_PASS'] = 'from env\n';
    await writeFile(join(folder, 'key'), 'from file\r\n');
    expect((await readSecret({ env: 'LIFEBOAT_TEST_PASS' })).reveal()).toBe('from env\n');
    delete process.env['LIFEBOAT_TEST_PASS'];
    expect((await readSecret({ file: join(folder, 'key') })).reveal()).toBe('from file');
    expect((await readSecret({ exec: ['printf', 'from program\\n\\n'] })).reveal()).toBe('from program\n');
    expect(await readText('as it is')).toBe('as it is');
    expect(redact('got from file')).toBe('got [secret]');
  });

  it('from a program comes whole, longer than what is kept of an output, and unredacted when read twice', async () => {
    const source = { exec: ['sh', '-c', `head -c ${limits.outputTailBytes * 2} /dev/zero | tr '\\0' k`] } as const;
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await readSecret({ exec: [...source.exec] })).reveal()).toBe('k'.repeat(limits.outputTailBytes * 2));
    }
  });

  it('that its source does not give is said by the name of the source', async () => {
    await writeFile(join(folder, 'empty'), '\n');
    await writeFile(join(folder, 'huge'), 'x'.repeat(limits.secretBytesMax + 1));
    await expect(readSecret({ env: 'LIFEBOAT_TEST_NONE' })).rejects.toMatchObject({
      ...unset,
      message: /LIFEBOAT_TEST_NONE/,
    });
    for (const name of ['none', 'empty', 'huge']) {
      await expect(readSecret({ file: join(folder, name) })).rejects.toMatchObject({
        ...unset,
        message: new RegExp(name),
      });
    }
    await expect(readSecret({ exec: ['false'] })).rejects.toMatchObject({ ...unset, message: /program false/ });
    await expect(readSecret({ exec: ['true'] })).rejects.toMatchObject(unset);
    expect(describeSource({ exec: ['pass', 'show', 'hidden'] })).toBe('program pass');
  });
});
