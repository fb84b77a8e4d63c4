import { LifeboatError, messageOf, systemCodeOf } from '../../../core/index.ts';
import { serverError } from '../link/connection.ts';

/** What the target said to a change, in our words: by then nothing of it stands. */
export function changeError(error: unknown): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const code = systemCodeOf(error) ?? '';
  const detail = (error as { detail?: string }).detail;
  const said = `${messageOf(error)}${detail === undefined ? '' : `: ${detail}`}; nothing was changed`;
  const known = knownRefusals.find(({ codes }) => codes.some((start) => code.startsWith(start)));
  if (known === undefined) return serverError(error);
  return new LifeboatError(known.as, said, { hint: known.hint, cause: error });
}

const knownRefusals = [
  {
    codes: ['23'],
    as: 'restore.check_failed',
    hint: 'The rows of the point do not fit to what the target has now. Bring the table that they need with them, or put them into another schema: --existing schema=NAME',
  },
  {
    codes: ['55P03', '40'],
    as: 'asset.changing',
    hint: 'Somebody else works on these tables. Try again, or look who in pg_stat_activity.',
  },
  {
    codes: ['42501'],
    as: 'asset.denied',
    hint: 'The user of the target must own the tables, or be a superuser.',
  },
  {
    codes: ['3F', '42704', '42883', '42P01'],
    as: 'restore.target_unusable',
    hint: 'The tables need something that the target lacks: a type, a function, an extension. Make it there first, or ask for the whole schema: --table SCHEMA.*',
  },
  { codes: ['42', '0A', '22', '55'], as: 'restore.target_unusable', hint: 'Look at the target, and at the dry run.' },
  { codes: ['53100'], as: 'restore.no_room', hint: 'The disk of the target is full.' },
] as const;
