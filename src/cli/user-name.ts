import { userInfo } from 'node:os';
import { systemCodeOf } from '../core/index.ts';

/** The account of this process, for records. One without an entry has its number: a record says less then, and the work goes on. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
