import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Asset } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { OpenWorkspace } from '../../app/index.ts';
import { backupEverywhere, restore } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { notSayingWhere } from './staging.ts';

/** Whose checks say what `observe` says: `undefined` is green. */
function judged(workspace: OpenWorkspace, observe: () => string | undefined): OpenWorkspace {
  const asset = (name: string): Asset =>
    new Proxy(workspace.asset(name), {
      get: (of, key) => {
        const member = Reflect.get(of, key, of) as unknown;
        if (key !== 'check') return typeof member === 'function' ? member.bind(of) : member;
        return async () => {
          const observed = observe();
          return [
            {
              name: 'rows',
              ok: observed === undefined,
              observed: observed ?? '1',
              expected: 'value > 0',
              durationMs: 1,
            },
          ];
        };
      },
    });
  return { ...workspace, asset };
}

const failureOf = (work: Promise<unknown>): Promise<LifeboatError> =>
  work.then(
    () => expect.fail('it was restored'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(LifeboatError);
      return error as LifeboatError;
    },
  );

it('a restore whose check is red names the path at which it is kept, and for another reason an earlier point', async () => {
  await withCopies(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'text');
    await backupEverywhere(workspace, 'docs');
    const target = join(folder, 'restored');
    const request = { asset: 'docs', target, start: false, stay: false };
    const failure = await failureOf(
      restore(
        judged(workspace, () => 'value is 0'),
        request,
      ),
    );
    const aside = (await readdir(folder)).find((name) => name.startsWith('restored.unproven-')) as string;
    expect(failure).toMatchObject({
      code: 'restore.check_failed',
      hint: `Try an earlier point: lifeboat points docs. What was restored is kept, unproven: ${join(folder, aside)}`,
    });
    // As single tables say it, whose sandbox is removed.
    expect(notSayingWhere(failure)).toMatchObject({ hint: 'Try an earlier point: lifeboat points docs.' });
  });
});

it('a check that may not read sends nobody to an earlier point, where its role had no more rights', async () => {
  await withCopies(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'text');
    await backupEverywhere(workspace, 'docs');
    const request = { asset: 'docs', target: join(folder, 'restored'), start: false, stay: false };
    const { hint } = await failureOf(
      restore(
        judged(workspace, () => 'no answer: permission denied for table accounts'),
        request,
      ),
    );
    expect(hint).toMatch(/^The role in the url of docs may not read there\. .*name a superuser in the url\. What was/);
    expect(hint).not.toMatch(/earlier point/);
  });
});

it('a copy that failed its checks when it stood at the target already is said to stand there', async () => {
  await withCopies(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'one'), 'text');
    await backupEverywhere(workspace, 'docs');
    const target = join(folder, 'restored');
    const answers = [undefined, 'value is 0'];
    const { hint } = await failureOf(
      restore(
        judged(workspace, () => answers.shift()),
        { asset: 'docs', target, start: true, stay: false },
      ),
    );
    expect(hint).toContain(`What was restored stands at the target already, unproven: ${target}`);
  });
});
