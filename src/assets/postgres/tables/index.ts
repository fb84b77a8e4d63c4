import { isLifeboatError, LifeboatError } from '../../../core/index.ts';
import type { TableKeeping } from '../../tables.ts';
import { isDump, startDump } from '../logical/index.ts';
import { startCopy } from '../copy/start.ts';
import { look } from './look.ts';
import { openTables } from './open.ts';

/** Single tables out of points of a PostgreSQL, physical or logical. */
export function tableKeeping(planUrl: () => Promise<string>): TableKeeping {
  const known = async (): Promise<string | undefined> => {
    try {
      return await planUrl();
    } catch (error) {
      // A machine that knows nothing of the source: everything is named on the command line.
      if (isLifeboatError(error, 'secret.unset')) return undefined;
      throw error;
    }
  };
  return {
    look: async (request, point, options) => look(request, await known(), point, options),
    open: async (path, facts, request, options) =>
      openTables({
        request,
        facts,
        planUrl: await known(),
        options,
        start: () => {
          const start = isDump(facts) ? startDump : startCopy;
          const { signal } = options;
          return start(path, ownerUrl(facts), { facts, stay: false, ...(signal === undefined ? {} : { signal }) });
        },
      }),
  };
}

/** The one role that may read everything, through a private socket: the user of the plan may have nothing but REPLICATION. */
function ownerUrl(facts: Readonly<Record<string, unknown>>): string {
  const role = facts['superuser'];
  if (typeof role === 'string') return `postgresql://${encodeURIComponent(role)}@localhost/postgres`;
  throw new LifeboatError(
    'asset.unsupported',
    'the point does not say who its superuser is, so its tables cannot be read',
    {
      hint: 'Restore all of it with --start, and copy the tables by hand.',
    },
  );
}
