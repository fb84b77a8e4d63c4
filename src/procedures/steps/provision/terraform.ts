import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { Secret } from '../../../core/index.ts';
import type { StepContext, StepInput, StepPreview } from '../../step.ts';
import { jsonOf, lastWords, refused, unreadable, type Ask } from './run-tool.ts';
import { listOf, longOf, valuesOf, type Settings } from './settings.ts';
import type { Look, Tool } from './tool.ts';

const planned = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .optional(),
});
const change = z.object({
  type: z.literal('planned_change'),
  change: z.object({ action: z.string(), resource: z.object({ addr: z.string() }) }),
});
const complaint = z.object({
  type: z.literal('diagnostic'),
  diagnostic: z.object({ severity: z.literal('error'), summary: z.string() }),
});
const outputsSchema = z.record(z.string(), z.object({ sensitive: z.boolean(), value: z.unknown() }));

/**
 * Terraform, and what speaks as it does. What it plans is looked at before it is applied, and exactly that is applied: a plan that removes or replaces
 * something is refused unless the step says `removes`. Done when a new plan is empty.
 */
export function terraformTool(input: StepInput<Settings>, context: StepContext, ask: Ask): Tool {
  const settings = longOf(input.settings);
  const cwd = resolve(context.plan.folder, settings.folder ?? '.');
  const targets = listOf(settings.targets).map((target) => `-target=${target}`);
  const say = async (words: readonly string[], shown = false) => {
    const env = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', ...variablesOf(await valuesOf(settings)) };
    return ask(['terraform', ...words], { cwd, env, shown });
  };
  const plain = ['-input=false', '-no-color'];

  const look = async (): Promise<Look> => {
    const words = ['plan', ...plain, '-detailed-exitcode', '-lock-timeout=10s', ...targets];
    let said = await say(words);
    // A checkout that was not used yet lacks its providers; to have them changes nothing that is managed.
    if (said.exitCode === 1 && /terraform init/.test(said.stderr) && (await isBegun())) said = await say(words);
    if (said.exitCode === 0) return { state: 'there', text: 'its plan is empty', outputs: await outputs() };
    if (said.exitCode === 2) return { state: 'missing', text: 'its plan is not empty' };
    return { state: 'unknown', text: lastWords(said) };
  };

  const isBegun = async (): Promise<boolean> => (await say(['init', ...plain], true)).exitCode === 0;

  /** Sensitive ones are known as secrets from here on: later steps may use them, and nothing shows them. */
  const outputs = async (): Promise<Record<string, unknown>> => {
    const said = await say(['output', '-json', '-no-color']);
    if (said.exitCode !== 0) throw unreadable('terraform output', lastWords(said));
    const read = outputsSchema.safeParse(jsonOf('terraform output', said.stdout));
    if (!read.success) throw unreadable('terraform output', 'its outputs are not as they are documented');
    const named = Object.entries(read.data).map(([name, { sensitive, value }]) => {
      if (!sensitive) return [name, value] as const;
      return [name, new Secret(typeof value === 'string' ? value : JSON.stringify(value)).reveal()] as const;
    });
    return Object.fromEntries(named);
  };

  const removedBy = async (file: string): Promise<string[]> => {
    const said = await say(['show', '-json', file]);
    if (said.exitCode !== 0) throw unreadable('terraform show', lastWords(said));
    const read = planned.safeParse(jsonOf('terraform show', said.stdout));
    if (!read.success) throw unreadable('terraform show', 'its plan is not as it is documented');
    return (read.data.resource_changes ?? []).flatMap(({ address, change: { actions } }) =>
      actions.includes('delete') || actions.includes('forget') ? [address] : [],
    );
  };

  const planFile = join(context.environment.folder, 'provision', `${input.id}.tfplan`);
  const tidy = (): Promise<void> => rm(planFile, { force: true });

  /** The plan as a file, which holds every secret of the module: nobody else may read it, and it goes afterwards. */
  const withPlan = async <T>(work: (file: string) => Promise<T>, otherwise: (said: string) => T): Promise<T> => {
    await mkdir(dirname(planFile), { recursive: true, mode: 0o700 });
    try {
      const said = await say(['plan', ...plain, `-out=${planFile}`, '-lock-timeout=10s', ...targets]);
      return said.exitCode === 0 ? await work(planFile) : otherwise(lastWords(said));
    } finally {
      await tidy();
    }
  };

  return {
    program: 'terraform',
    look,
    tidy,
    preview: async (): Promise<StepPreview> => {
      // Without a lock and without a file: a dry run leaves nothing behind.
      const said = await say(['plan', '-json', '-input=false', '-lock=false', ...targets]);
      if (said.exitCode !== 0)
        return {
          certainty: 'unknown',
          text: `terraform cannot plan here now: ${complaintIn(said.stdout) ?? lastWords(said)}`,
        };
      const { made, changed, removed } = changesIn(said.stdout);
      const counts = `${made.length} made, ${changed.length} changed, ${removed.length} removed`;
      if (removed.length === 0 || settings.removes === true)
        return { certainty: 'predicted', text: `terraform plans now: ${counts}` };
      return { certainty: 'unknown', text: `it would be refused now, for it removes ${some(removed)} (${counts})` };
    },
    make: async () => {
      const begun = await say(['init', ...plain], true);
      if (begun.exitCode !== 0) return refused('terraform init', begun);
      return withPlan(
        async (file) => {
          const removed = await removedBy(file);
          if (removed.length > 0 && settings.removes !== true) {
            return {
              state: 'failed',
              code: 'provision.removes',
              summary: `terraform would remove or replace ${some(removed)}`,
              hint: 'Look at its plan. If that is meant: removes: true in the step.',
            };
          }
          await context.mustHold();
          const said = await say(['apply', ...plain, file], true);
          return said.exitCode === 0 ? undefined : refused('terraform apply', said);
        },
        (said) => ({ state: 'failed', code: 'target.refused', summary: `terraform cannot plan: ${said}` }),
      );
    },
  };
}

/** Of the lines of JSON that `plan -json` prints. */
function changesIn(text: string): { made: string[]; changed: string[]; removed: string[] } {
  const all = linesIn(text).flatMap((line) => change.safeParse(line).data ?? []);
  const those = (...actions: readonly string[]): string[] =>
    all.filter(({ change: one }) => actions.includes(one.action)).map(({ change: one }) => one.resource.addr);
  return { made: those('create'), changed: those('update'), removed: those('delete', 'replace', 'remove', 'forget') };
}

const complaintIn = (text: string): string | undefined =>
  linesIn(text).flatMap((line) => complaint.safeParse(line).data ?? [])[0]?.diagnostic.summary;

const linesIn = (text: string): unknown[] =>
  text.split('\n').flatMap((line) => (line.startsWith('{') ? [jsonOf('terraform plan', line)] : []));

/** In its environment, which other users do not see, and not among its words. */
const variablesOf = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      `TF_VAR_${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

const some = (names: readonly string[]): string =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
