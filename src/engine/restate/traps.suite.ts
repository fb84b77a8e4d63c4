import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { stepOf } from '../../procedures/testing/bench.ts';
import { machineWith, twoEffects } from '../../procedures/testing/leased.ts';
import { embeddedEngine, siteWorker, startWorker, type RunningWorker } from '../index.ts';
import type { SiteWorker } from '../site.ts';
import { effects, newFolder, orderOf, steps, until, writes } from '../testing/ground.ts';
import { identityIn, type RestateServer } from '../testing/restate-server.ts';
import { actionsOf, siteBench } from '../testing/site-process.ts';
import { restateEngine } from './restate-engine.ts';

/** What goes wrong between Restate and long steps, each as it was met. */
export function trapsSuite(now: () => { server: RestateServer; publicKey: string }): void {
  describe('and a worker in this process', () => {
    const asked: string[] = [];
    let worker: RunningWorker | undefined;
    let bench: ReturnType<typeof siteBench>;
    beforeEach(() => {
      asked.length = 0;
      bench = siteBench({ folder: newFolder() });
    });
    afterEach(async () => {
      await worker?.stop();
      worker = undefined;
      bench.close();
      rmSync(bench.folder, { recursive: true, force: true });
    });

    const work = async (name: string, patienceMs?: number, on = bench): Promise<void> => {
      const actions = actionsOf(on, { folder: on.folder, site: name, at: now().server.at });
      const counted: SiteWorker = {
        ...actions,
        act: (input) => {
          asked.push(input.order.run);
          return actions.act(input);
        },
      };
      worker = await startWorker({
        site: name,
        actions: counted,
        listen: { host: '127.0.0.1', port: 0 },
        admin: now().server.admin,
        identityKeys: [],
        ...(patienceMs === undefined ? {} : { patienceMs }),
      });
    };
    const ledger = (): { ledger: string } => ({ ledger: join(bench.folder, 'ledger') });

    it('does not give up on a step that is longer than its patience: the worker asks for more', async () => {
      await work('patient');
      const engine = restateEngine({ at: now().server.at, clock: systemClock });
      const order = orderOf(steps(writes(ledger(), 'long', { takesMs: 800, staysMs: 800 })), { site: 'patient' });
      await engine.start(order);
      expect((await engine.result(order)).verdict).toBe('done');
      expect(asked).toEqual([order.run]);
    });

    it('that gives up all the same, and asks again while the step acts, is given the same promise: one effect', async () => {
      await work('impatient', 200);
      const engine = restateEngine({ at: now().server.at, clock: systemClock });
      const order = orderOf(steps(writes(ledger(), 'again', { takesMs: 600, staysMs: 600 })), {
        site: 'impatient',
      });
      await engine.start(order);
      expect((await engine.result(order)).verdict).toBe('done');
      expect(asked.length).toBeGreaterThan(1);
      expect(effects(ledger(), 'again')).toEqual(['again']);
      expect(bench.journal.records({ run: order.run, kinds: ['step.started'] })).toHaveLength(1);
    });

    it('does not know what another host does: the lease of the target keeps that one off, and says who holds it', async () => {
      const [store, other] = [join(bench.folder, 'store'), join(bench.folder, 'other')];
      const first = machineWith(store, { folder: join(bench.folder, 'first'), leaseMs: 6_000 });
      const second = machineWith(store, { folder: other, leaseMs: 6_000 });
      try {
        await work('leased', undefined, first);
        const engine = restateEngine({ at: now().server.at, clock: systemClock });
        const by = { as: undefined, user: 'operator' };
        const order = orderOf(twoEffects(ledger().ledger, 'leased', 60_000), { site: 'leased', by });
        await engine.start(order);
        await until(() => effects(ledger(), 'leased').length > 0);
        const { workspace, environment, tools } = second;
        const actions = siteWorker({ name: 'elsewhere', tools, environment: async () => environment });
        const alone = embeddedEngine({ actions, journal: second.journal, clock: systemClock, planHash: 'plan-hash' });
        const rival = orderOf(twoEffects(ledger().ledger, 'rival', 0), { by });
        await alone.start(rival);
        await expect(alone.result(rival)).rejects.toMatchObject({
          code: 'run.held',
          message: expect.stringContaining(`run ${order.run} on ${workspace.host}`),
        });
        await engine.cancel(order, by);
        expect((await engine.result(order)).verdict).toBe('cancelled');
        expect(effects(ledger(), '')).toEqual(['leased first']);
      } finally {
        await worker?.stop();
        worker = undefined;
        first.close();
        second.close();
      }
    });

    it('cannot reach a worker at an address that is not its own, and the start says so', async () => {
      const actions = actionsOf(bench, { folder: bench.folder, site: 'lost', at: now().server.at });
      const listen = { host: '127.0.0.1', port: 0 };
      const starting = startWorker({
        site: 'lost',
        actions,
        listen,
        address: 'http://127.0.0.1:1',
        admin: now().server.admin,
        identityKeys: [],
      });
      await expect(starting).rejects.toMatchObject({
        code: 'engine.refused',
        hint: expect.stringContaining('--address'),
      });
    });

    it('that does not sign with the key that a worker knows is not let in; the one that does is', async () => {
      const starting = (site: string, key: string): Promise<RunningWorker> =>
        startWorker({
          site,
          actions: actionsOf(bench, { folder: bench.folder, site, at: now().server.at }),
          listen: { host: '127.0.0.1', port: 0 },
          admin: now().server.admin,
          identityKeys: [key],
        });
      const { publicKey } = identityIn(join(bench.folder, 'other'));
      await expect(starting('guarded', publicKey)).rejects.toMatchObject({ code: 'engine.refused' });
      worker = await starting('guarded', now().publicKey);
      const order = orderOf(steps(writes(ledger(), 'signed')), { site: 'guarded' });
      const engine = restateEngine({ at: now().server.at, clock: systemClock });
      await engine.start(order);
      expect((await engine.result(order)).verdict).toBe('done');
      // Whoever else reaches the port is sent away.
      const answer = await stranger(worker.address);
      expect(answer).toBe(401);
    });

    it('keeps what was said in the same moment: no word is lost between two rounds', async () => {
      await work('talkative');
      const engine = restateEngine({ at: now().server.at, clock: systemClock });
      const both = stepOf('both', 'approve', { by: ['lead', 'duty'], count: 2 });
      const by = { as: undefined, user: 'operator' };
      const order = orderOf(steps(both), { site: 'talkative', by: { ...by, as: 'boss' } });
      await engine.start(order);
      await engine.result(order);
      const say = (as: string): Promise<{ after: number }> =>
        engine.signal(order, { kind: 'say', said: { word: 'approve', as, user: 'account' } });
      const heard = await Promise.all([say('lead'), say('duty')]);
      const last = { after: Math.max(...heard.map(({ after }) => after)) };
      const result = await engine.result(order, last);
      expect(result.verdict).toBe('done');
    });
  });

  it('listens on this machine alone, with the settings that the guide gives', () => {
    const ports = listeningPorts(now().server.pid);
    expect(ports.length).toBeGreaterThanOrEqual(3);
    expect(ports.filter(({ address }) => address !== '0100007F')).toEqual([]);
  });
}

/** Asks a worker for a step as the engine would, without a signature; the status of the answer. */
function stranger(address: string): Promise<number> {
  const session = connect(address);
  return new Promise<number>((resolve, reject) => {
    session.once('error', reject);
    const request = session.request({
      ':method': 'POST',
      ':path': '/invoke/lifeboat-site-guarded/stop',
      'content-type': 'application/vnd.restate.invocation.v5',
    });
    request.once('response', (headers) => resolve(Number(headers[':status'])));
    request.once('error', reject);
    request.end('{}');
  }).finally(() => session.destroy());
}

/** The TCP addresses that a process listens on, as the kernel writes them. */
function listeningPorts(pid: number): { address: string }[] {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(`socket:[${inode}]`))
      .map(([, local = '']) => ({ address: local.split(':')[0] as string })),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
