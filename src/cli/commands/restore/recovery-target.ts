import { recoveryTargetIn } from '../../../app/index.ts';
import type { RecoveryTarget } from '../../../assets/index.ts';
import type { Input } from '../../input.ts';

/** What `--at`, `--before` and `--timeline` ask for. Throws `input.flag`. */
export const recoveryTargetOf = (input: Input): RecoveryTarget | undefined =>
  recoveryTargetIn(
    { at: input.text('at'), before: input.text('before'), timeline: input.text('timeline') },
    (name) => `--${name}`,
  );
