import type { Client } from 'pg';
import { LifeboatError, limits, toLifeboatError } from '../../../core/index.ts';
import type { StepContext, StepProof } from '../../step.ts';
import { onServer, oneRow, shownServer } from '../postgres.ts';
import type { Fence } from './fence.ts';

/**
 * A PostgreSQL database that takes no writes any more, while its server runs. `revoke`: nobody but superusers may connect, and who was
 * connected is cut off. `read-only`: everybody may read; a session could still ask for more, so the proof says that.
 */
export function databaseFence(asset: string, url: string, how: 'revoke' | 'read-only', context: StepContext): Fence {
  const ask = <T>(work: (client: Client) => Promise<T>): Promise<T> => onServer(url, context.signal, work);
  const way = how === 'revoke' ? revoking : readOnly;
  const prove = async (): Promise<StepProof> => {
    try {
      return await way.prove(ask, shownServer(url));
    } catch (error) {
      return { state: 'unknown', text: toLifeboatError(error).message };
    }
  };
  return {
    what: `asset:${asset}`,
    how,
    before: () => ask(way.before),
    put: async () => {
      await context.mustHold();
      await ask((client) => writing(client, way.put));
      await ask((client) => endSessions(client, context));
    },
    lift: (before) => ask((client) => writing(client, (own) => way.lift(own, before))),
    prove,
    proveLifted: async (before) => {
      const now = await ask(way.before);
      const same = JSON.stringify(now) === JSON.stringify(before);
      return { state: same ? 'proved' : 'refuted', text: `${shownServer(url)}: ${JSON.stringify(now)}` };
    },
  };
}

/** A session behind a fence, this one or an earlier one, is read-only itself: else a fence could be put up once only, and none be lifted. */
async function writing<T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  await client.query(`set ${setting} = off`);
  return work(client);
}

type Ask = <T>(work: (client: Client) => Promise<T>) => Promise<T>;

const database = async (client: Client): Promise<string> =>
  client.escapeIdentifier((await oneRow<{ name: string }>(client, 'select current_database() as name')).name);

/** Databases of the same server that this fence does not shut, in words: a standby takes all of them along. */
async function besides(client: Client): Promise<string> {
  const { others } = await oneRow<{ others: string[] }>(
    client,
    `select coalesce(array_agg(datname order by datname), '{}')::text[] as others
      from pg_database where datallowconn and not datistemplate and datname not in (current_database(), 'postgres')`,
  );
  return others.length === 0 ? '' : `; ${others.join(', ')} of the same server may still be written to`;
}

/** Roles, and `public`, to whom CONNECT is given; undefined rights are the ones a new database has. */
const granted = `select coalesce(array_agg(case grantee when 0 then 'public' else pg_get_userbyid(grantee)::text end order by grantee), '{}')::text[] as roles,
    (select rolsuper from pg_roles where rolname = current_user) as "allPowerful"
  from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
  where datname = current_database() and privilege_type = 'CONNECT'`;

const revoking = {
  before: async (client: Client): Promise<unknown> => {
    const { roles, allPowerful } = await oneRow<{ roles: string[]; allPowerful: boolean }>(client, granted);
    if (allPowerful) return roles;
    throw new LifeboatError('target.refused', 'who is no superuser would lock itself out with everybody else', {
      hint: 'Let the url of the asset name a superuser, or fence by read-only, stop or proxy.',
    });
  },
  put: async (client: Client): Promise<void> => {
    const { roles } = await oneRow<{ roles: string[] }>(client, granted);
    for (const role of roles)
      await client.query(`revoke connect on database ${await database(client)} from ${roleIn(client, role)}`);
  },
  lift: async (client: Client, before: unknown): Promise<void> => {
    for (const role of Array.isArray(before) ? before : [])
      await client.query(`grant connect on database ${await database(client)} to ${roleIn(client, String(role))}`);
  },
  prove: async (ask: Ask, shown: string): Promise<StepProof> => {
    const { may, there, beside } = await ask(async (client) => ({
      beside: await besides(client),
      ...(await oneRow<{ may: string[]; there: number }>(
        client,
        `select (select coalesce(array_agg(rolname order by rolname), '{}')::text[] from pg_roles
            where rolcanlogin and not rolsuper and has_database_privilege(oid, current_database(), 'connect')) as may,
          (select count(*)::int from pg_stat_activity
            where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()) as there`,
      )),
    }));
    if (may.length > 0) return { state: 'refuted', text: `${shown}: ${may.join(', ')} may still connect` };
    if (there > 0) return { state: 'refuted', text: `${shown}: ${there} are still connected` };
    return { state: 'proved', text: `${shown}: nobody but superusers may connect, and nobody is connected${beside}` };
  },
};

const setting = 'default_transaction_read_only';

/** What a role has of its own counts more than what the database has; a superuser overrides what it likes in any case, and who may not connect writes nothing. */
const overriding = `select coalesce(array_agg(distinct rolname::text order by rolname::text), '{}') as over
  from pg_db_role_setting join pg_roles r on r.oid = setrole, unnest(setconfig) as one
  where setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and rolcanlogin and not rolsuper and has_database_privilege(r.oid, current_database(), 'connect') and one ~* '^${setting}=(off|false|no|0|f|n|of)$'`;

const readOnly = {
  before: async (client: Client): Promise<unknown> => {
    const row = await oneRow<{ own: string[] | null }>(
      client,
      `select (select setconfig from pg_db_role_setting where setrole = 0 and setdatabase = d.oid) as own
        from pg_database d where datname = current_database()`,
    );
    return row.own?.find((one) => one.startsWith(`${setting}=`))?.slice(setting.length + 1) ?? null;
  },
  put: async (client: Client): Promise<void> => {
    await client.query(`alter database ${await database(client)} set ${setting} = on`);
  },
  lift: async (client: Client, before: unknown): Promise<void> => {
    const name = await database(client);
    await client.query(
      before === null
        ? `alter database ${name} reset ${setting}`
        : `alter database ${name} set ${setting} = ${before === 'on' ? 'on' : 'off'}`,
    );
  },
  /** By trying: a new session writes, which must fail for this reason and no other. */
  prove: async (ask: Ask, shown: string): Promise<StepProof> => {
    const { refusal, over, beside } = await ask(async (client) => {
      const { over: free } = await oneRow<{ over: string[] }>(client, overriding);
      const others = await besides(client);
      await client.query('begin');
      const answer = await client.query('create table lifeboat_fence_probe ()').then(
        () => 'written',
        (error: { code?: string }) => error.code ?? '',
      );
      await client.query('rollback');
      return { refusal: answer, over: free, beside: others };
    });
    if (over.length > 0)
      return {
        state: 'refuted',
        text: `${shown}: ${over.join(', ')} may write whatever the database says (${setting} of the role)`,
      };
    if (refusal === '25006')
      return {
        state: 'proved',
        text: `${shown}: a write was tried and refused as read-only; a session that overrides its default is not kept away${beside}`,
      };
    if (refusal === 'written') return { state: 'refuted', text: `${shown}: a write was tried and taken` };
    return { state: 'unknown', text: `${shown}: a write was tried and failed for another reason (${refusal})` };
  },
};

const roleIn = (client: Client, role: string): string => (role === 'public' ? 'public' : client.escapeIdentifier(role));

/** Programs connect again at once: ended until nobody is left, but not for ever. */
async function endSessions(client: Client, { clock, signal }: StepContext): Promise<void> {
  for (let round = 0; round < limits.sessionRoundsMax; round += 1) {
    const { ended } = await oneRow<{ ended: number }>(
      client,
      `select count(pg_terminate_backend(pid))::int as ended from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    );
    if (ended === 0) return;
    await clock.sleep(100, signal);
  }
  throw new LifeboatError('fence.unproved', `sessions come back as fast as they are ended`, {
    hint: 'Superusers may still connect: stop who uses such a role.',
  });
}
