import { z } from 'zod';
import { isLifeboatError, parseDuration } from '../../core/index.ts';

/** A duration in words (`30s`, `2m`), or a `${…}` that gives one before the step runs. */
export const duration = z.string().refine(
  (text) => {
    if (text.includes('${')) return true;
    try {
      parseDuration(text);
      return true;
    } catch (error) {
      if (isLifeboatError(error)) return false;
      throw error;
    }
  },
  { message: 'not a duration: write 500ms, 30s, 2m or 1h' },
);
