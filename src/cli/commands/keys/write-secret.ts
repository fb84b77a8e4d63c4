import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LifeboatError, messageOf, syncFolder, systemCodeOf } from '../../../core/index.ts';

/** A new file of mode 0600, whole or not at all. Throws `input.exists`, `input.file`. */
export async function writeNewSecret(path: string, content: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } catch (error) {
      // Half an identity opens nothing, and would be in the way of the next try.
      await rm(path);
      throw error;
    } finally {
      await file.close();
    }
    // What is sealed for it is lost without it: the name must survive a power cut as well.
    await syncFolder(dirname(path));
  } catch (error) {
    const exists = systemCodeOf(error) === 'EEXIST';
    throw new LifeboatError(
      exists ? 'input.exists' : 'input.file',
      `${path} ${exists ? 'exists already' : `cannot be written: ${messageOf(error)}`}`,
      {
        hint: exists
          ? 'An identity is never replaced: name another file.'
          : 'Name a file in a folder that you may write to.',
        cause: error,
      },
    );
  }
}
