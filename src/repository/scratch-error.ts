import { LifeboatError, messageOf } from '../core/index.ts';

/** What the disk for temporary files did not do. `held` is a sentence: what of ours stands there. */
export function scratchError(how: 'full' | 'failed', held: string, cause: unknown): LifeboatError {
  const said = messageOf(cause);
  const { TMPDIR } = process.env;
  const folder = TMPDIR === undefined || TMPDIR === '' ? '/var/tmp' : TMPDIR;
  const what = 'the disk for temporary files';
  if (how === 'full')
    return new LifeboatError('disk.full', `${what} is full: ${said}`, {
      hint: `${held} Make room in ${folder}, or name another folder by TMPDIR.`,
      cause,
    });
  return new LifeboatError('disk.io', `${what} failed: ${said}`, {
    hint: `${held} Look at the health of the disk of ${folder}, or name another folder by TMPDIR.`,
    cause,
  });
}
