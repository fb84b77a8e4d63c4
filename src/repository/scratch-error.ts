import { LifeboatError, messageOf } from '../core/index.ts';

/** What the disk for temporary files did not do. `held` is a sentence: what of ours stands there. */
export function scratchError(how: 'full' | 'failed', held: string, cause: unknown): LifeboatError {
  const said = messageOf(cause);
  const what = 'the disk for temporary files';
  if (how === 'full')
    return new LifeboatError('disk.full', `${what} is full: ${said}`, {
      hint: `${held} Make room in /var/tmp, or name another folder: TMPDIR.`,
      cause,
    });
  return new LifeboatError('disk.io', `${what} failed: ${said}`, {
    hint: `${held} Look at the health of the disk of /var/tmp, or name another folder: TMPDIR.`,
    cause,
  });
}
