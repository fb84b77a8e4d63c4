import { filtered, LifeboatError } from '../../core/index.ts';

/** What tools answer lists of copies in; more is no list. */
const answerBytesMax = 64 * 2 ** 20;

/** The whole standard output of a tool, which is not redacted: it is read, not shown. Throws `process.failed`, `limit.exceeded`. */
export async function outputOf(
  argv: readonly [string, ...string[]],
  options: { env?: Record<string, string>; signal?: AbortSignal },
): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of filtered(argv, undefined, options)) {
    bytes += piece.length;
    if (bytes > answerBytesMax)
      throw new LifeboatError('limit.exceeded', `${argv[0]} answered more than can be a list`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
