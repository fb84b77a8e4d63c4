import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { StepContext, StepInput } from '../../step.ts';
import { clusterOf } from '../../hands/cluster.ts';
import { jsonOf, lastWords, refused, unreadable, type Ask } from './run-tool.ts';
import { longOf, valuesOf, type Settings } from './settings.ts';
import type { Look, Tool } from './tool.ts';

const releaseSchema = z.object({
  name: z.string(),
  version: z.int(),
  info: z.object({ status: z.string(), description: z.string().optional() }),
});
type Release = z.infer<typeof releaseSchema>;

/**
 * A release of Helm, made or brought to the chart and the values of the step. Done when a newer revision than the one that was there is deployed, and
 * Helm has seen its workloads ready.
 */
export function helmTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const settings = longOf(input.settings);
  const place = clusterOf(settings, context);
  const name = settings.release ?? '';
  const where = [
    `--kube-context=${place.context}`,
    ...(place.namespace === undefined ? [] : [`--namespace=${place.namespace}`]),
  ];
  const say = (words: readonly string[], more: { input?: string; shown?: boolean } = {}) =>
    ask(['helm', ...words, ...where], more);

  /** Undefined: there is none of this name. */
  const release = async (): Promise<Release | undefined | { readonly unknown: string }> => {
    const said = await say(['status', name, '--output=json']);
    if (said.exitCode !== 0) return /release: not found/i.test(said.stderr) ? undefined : { unknown: lastWords(said) };
    const read = releaseSchema.safeParse(jsonOf('helm status', said.stdout));
    if (!read.success) throw unreadable('helm status', 'its release is not as it is documented');
    return read.data;
  };

  const look = async (remembered: Readonly<Record<string, unknown>>): Promise<Look> => {
    const found = await release();
    if (found === undefined) return { state: 'missing', text: `there is no release ${name}` };
    if ('unknown' in found) return { state: 'unknown', text: found.unknown };
    const { version, info } = found;
    const text = `revision ${version} of ${name} is ${info.status}`;
    if (info.status.startsWith('pending')) return { state: 'underway', text };
    const before = remembered['revision'];
    // A revision that was there before the step says nothing about the step.
    if (typeof before !== 'number' || version <= before) return { state: 'missing', text };
    if (info.status !== 'deployed') return { state: 'missing', text };
    return { state: 'there', text, outputs: { release: name, revision: version } };
  };

  const undone = async (remembered: Readonly<Record<string, unknown>>): Promise<Look> => {
    const found = await release();
    const before = remembered['revision'];
    if (found !== undefined && 'unknown' in found) return { state: 'unknown', text: found.unknown };
    if (before === 0) return found === undefined ? gone(name) : still(found);
    if (found === undefined) return { state: 'missing', text: `there is no release ${name}` };
    const back = found.info.description === `Rollback to ${String(before)}` || found.version === before;
    return back && found.info.status === 'deployed'
      ? { state: 'there', text: `${name} is what it was in revision ${String(before)}` }
      : still(found);
  };

  return {
    program: 'helm',
    look,
    preview: async () => {
      const found = await release();
      if (found === undefined)
        return { certainty: 'predicted', text: `${name} is not in ${place.context}: it is installed` };
      if ('unknown' in found)
        return { certainty: 'unknown', text: `${place.context} cannot say now: ${found.unknown}` };
      const { version, info } = found;
      return { certainty: 'predicted', text: `${name} is ${info.status}, revision ${version}: it is upgraded` };
    },
    make: async () => {
      const found = await release();
      if (found !== undefined && 'unknown' in found)
        return {
          state: 'failed',
          code: 'target.unreachable',
          summary: `helm cannot say what is there: ${found.unknown}`,
        };
      if (found?.info.status.startsWith('pending') === true) {
        const summary = `another change of ${name} is under way (${found.info.status}), or died`;
        return { state: 'failed', code: 'target.refused', summary, hint: `If nobody is at it: helm rollback ${name}` };
      }
      // What the first attempt found: what that one made and did not finish is no place to go back to.
      if (typeof input.remembered['revision'] !== 'number') context.remember({ revision: found?.version ?? 0 });
      await context.mustHold();
      const values = settings.values === undefined ? [] : [`--values=${resolve(context.plan.folder, settings.values)}`];
      // Through its input, so that no value stands among its words; JSON is YAML.
      const piped = settings.with === undefined ? [] : ['--values=-'];
      const words = ['upgrade', '--install', name, chartOf(settings.folder ?? '.', context), ...values, ...piped];
      const more = settings.with === undefined ? {} : { input: JSON.stringify(await valuesOf(settings)) };
      const said = await say([...words, '--wait', `--timeout=${waitText}`, '--output=json'], more);
      return said.exitCode === 0 ? undefined : refused('helm upgrade', said);
    },
    undo: async (remembered) => {
      const before = remembered['revision'];
      if (typeof before !== 'number') return { state: 'done', outputs: {}, summary: 'nothing was changed' };
      const now = await undone(remembered);
      if (now.state === 'there') return { state: 'done', outputs: {}, summary: now.text };
      await context.mustHold();
      const words = before === 0 ? ['uninstall', name] : ['rollback', name, String(before)];
      const said = await say([...words, '--wait', `--timeout=${waitText}`], { shown: true });
      if (said.exitCode !== 0) return refused(`helm ${words[0]}`, said);
      return { state: 'done', outputs: {}, summary: (await undone(remembered)).text };
    },
    lookUndone: undone,
  };
}

/** The end of the step ends it before; this only keeps Helm from giving up after its own five minutes. */
const waitText = '24h0m0s';

const gone = (name: string): Look => ({ state: 'there', text: `there is no release ${name} any more` });
const still = ({ name, version, info }: Release): Look => ({
  state: 'missing',
  text: `revision ${version} of ${name} is ${info.status}`,
});

/** A folder beside the plan, or what Helm finds by itself: `oci://…`, `repo/chart`. */
function chartOf(folder: string, { plan }: StepContext): string {
  const path = resolve(plan.folder, folder);
  return existsSync(path) ? path : folder;
}
