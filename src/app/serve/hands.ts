import { formatBytes, LifeboatError, toLifeboatError } from '../../core/index.ts';
import { runDrill } from '../../drills/index.ts';
import { backupEverywhere, copyFailure, prune, replicate, verify, type Workspace } from '../../operations/index.ts';
import { drillEvidence } from '../../reports/index.ts';
import type { Hands, Outcome, Work } from '../../schedule/index.ts';
import { writeReport } from '../report.ts';
import { runnerTools } from '../tools.ts';
import type { Workspaces } from './workspaces.ts';

/** Does what is due by the operations that the command line does it with. `workspaces`: those of the plan that is in force when it begins. */
export const handsOf =
  (workspaces: () => Workspaces): Hands =>
  ({ work }, { signal, progress }) =>
    workspaces().use(progress, async (workspace) => {
      const outcome = await doers[work.kind](workspace, work as never, signal);
      // Operations tell of a stop in their reports; what was left undone is due again.
      return signal.aborted && outcome.state !== 'done' ? stopped(signal) : outcome;
    });

type Doer<Kind extends Work['kind']> = (
  workspace: Workspace,
  work: Extract<Work, { kind: Kind }>,
  signal: AbortSignal,
) => Promise<Outcome>;

const doers: { readonly [Kind in Work['kind']]: Doer<Kind> } = {
  backup: async (workspace, { asset }, signal) => {
    const { reports, failures } = await backupEverywhere(workspace, asset, signal);
    if (failures[0] !== undefined) return failed(failures[0]);
    const stored = reports.reduce((sum, { point }) => sum + point.storedBytes, 0);
    return done(
      `${reports.map(({ store, point }) => `${point.id} in ${store}`).join(', ')}, ${formatBytes(stored)} new`,
    );
  },

  copy: async (workspace, { from, to }, signal) => {
    const report = await replicate(workspace, { from, to, signal });
    const failure = copyFailure(report);
    if (failure !== undefined) return failure.code === 'copy.waiting' ? failed(failure) : red(failure);
    return done(`${report.points.length} points, ${formatBytes(report.bytes)}`);
  },

  verify: async (workspace, { assets }, signal) => {
    const { results, checks, failures } = await verify(workspace, {
      assets,
      everything: false,
      reading: 'due',
      signal,
    });
    const [damaged] = results.flatMap(({ damage }) => damage);
    if (damaged !== undefined) return red(new LifeboatError(damaged.code, `${damaged.object}: ${damaged.what}`));
    if (failures[0] !== undefined) return failed(failures[0]);
    const unmet = checks.find(({ verdict }) => verdict === 'failed');
    if (unmet !== undefined)
      return red(new LifeboatError('verify.unmet', `${unmet.asset} in ${unmet.store}: ${unmet.check}: ${unmet.words}`));
    const read = results.reduce((sum, { checked }) => sum + checked.bytes, 0);
    const unknown = checks.filter(({ verdict }) => verdict === 'unknown').length;
    return done(`${formatBytes(read)} read${unknown === 0 ? '' : `, ${unknown} questions without an answer yet`}`);
  },

  prune: async (workspace, { store }, signal) => {
    const request = { store, dryRun: false, keepPoints: false, evict: [], anyway: false, signal };
    const { retention, result } = await prune(workspace, request);
    const going = (retention?.decisions ?? []).filter(({ keep }) => !keep).length;
    return done(`${going} points went, ${formatBytes(result.deleted.bytes)} came back`);
  },

  drill: async (workspace, { drill: name }, signal) => {
    const drill = workspace.plan.drills.get(name);
    if (drill === undefined) throw new LifeboatError('plan.unknown_name', `the plan has no drill ${name}`);
    const result = await runDrill({ drill, tools: runnerTools(workspace), signal });
    const files = await writeReport(workspace, drillEvidence(workspace.journal.records({ run: result.run })));
    if (signal.aborted) return stopped(signal);
    const wrong = result.criteria.filter(({ verdict }) => verdict !== 'pass').map(({ text }) => text);
    if (result.verdict === 'pass') return done(`passed; report: ${files.page}`);
    return red(new LifeboatError('drill.failed', `${wrong.join('; ')}; report: ${files.page}`));
  },
};

const done = (words: string): Outcome => ({ state: 'done', words });
const red = ({ message, code }: LifeboatError): Outcome => ({ state: 'red', words: message, code });
const failed = ({ message, code, retry }: LifeboatError): Outcome => ({
  state: 'failed',
  words: message,
  code,
  soon: retry === 'later',
});
const stopped = (signal: AbortSignal): Outcome => ({ state: 'stopped', words: toLifeboatError(signal.reason).message });
