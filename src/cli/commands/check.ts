import { relative, resolve } from 'node:path';
import { checkLive, registry } from '../../app/index.ts';
import { limits, systemClock, writeFileDurably } from '../../core/index.ts';
import {
  checkPlan,
  lint,
  survivalOf,
  survivalPicture,
  tidyFindings,
  type Finding,
  type Plan,
  type PlanDocument,
  type Survival,
} from '../../plan/index.ts';
import type { Command, CommandContext } from '../command.ts';
import type { Input } from '../input.ts';
import { showFindings } from '../show/show-findings.ts';
import { showSurvival } from '../show/show-survival.ts';

export const command: Command = {
  description:
    'Reads the plan and says everything that is wrong with it, in form and in meaning: what would break its promises or stop the recovery on the day, by time, order and failure domains. Each finding has its place, what to do instead, and a page in docs/rules. Executes nothing, opens no store and reads no secret, unless --live is given: then the plan is also held against the world, which is asked and not changed. The exit code is 1 when there is an error; warnings and remarks leave it 0.',
  options: [
    {
      flags: '--survive',
      summary: 'also what each scenario and each lost domain leaves, and whether the way back closes',
    },
    { flags: '--svg <FILE>', summary: 'writes that as a picture' },
    { flags: '--notes', summary: 'lists one by one what the language has and nothing executes yet' },
    {
      flags: '--live',
      summary:
        'also asks the world: sources, stores, keys, secrets (programs that give one are run), points, programs, names, certificates',
    },
    { flags: '--timeout <DURATION>', summary: 'how long one question of --live may take; default: 10s' },
  ],
  examples: [
    'lifeboat check',
    'lifeboat check --plan examples/corner-shop.yaml',
    'lifeboat check --survive --svg survival.svg',
    'lifeboat check --live --timeout 5s',
    'lifeboat check --json | jq -r ".findings[].message"',
  ],
  run: async (context, input) => {
    const { plan, findings: ofForm, document } = await checkPlan(context.planFile, registry);
    // A plan that is wrong in form cannot be judged further: what it means is not known.
    const now = systemClock.now();
    const ofMeaning = plan === undefined ? [] : lint(plan, document, now);
    const ofWorld = plan === undefined || !input.flag('live') ? [] : await askWorld(context, input, plan, document);
    const findings = tidyFindings([...ofForm, ...ofMeaning, ...ofWorld]);
    const shown = findings.map((finding) => ({ ...finding, file: shortPath(finding.file) }));
    showFindings(shown, context.output, input.flag('notes'));
    const ok = !findings.some(({ severity }) => severity === 'error');
    context.output.line(`${context.output.mark(ok)} ${verdict(plan?.name ?? shortPath(context.planFile), findings)}`);
    const survival = plan === undefined || !wanted(input) ? undefined : survivalOf(plan, document, now);
    const files = plan === undefined || survival === undefined ? {} : await present(context, input, plan, survival);
    const more = survival === undefined ? {} : { survival, ...files };
    return { json: { ok, plan: plan?.name, findings: shown, ...more }, exitCode: ok ? 0 : 1 };
  },
};

function askWorld(context: CommandContext, input: Input, plan: Plan, document: PlanDocument): Promise<Finding[]> {
  const { stateFolder, progress, signal, wrapStore } = context;
  const timeoutMs = input.durationMs('timeout') ?? limits.liveAnswerMs;
  const wrap = wrapStore === undefined ? {} : { wrapStore };
  return checkLive({ plan, document, registry, stateFolder, clock: systemClock, progress, signal, timeoutMs, ...wrap });
}

const wanted = (input: Input): boolean => input.flag('survive') || input.text('svg') !== undefined;

/** Shows the table, and writes the picture where one was asked for. */
async function present(
  context: CommandContext,
  input: Input,
  plan: Plan,
  survival: readonly Survival[],
): Promise<{ files?: string[] }> {
  showSurvival(survival, context.output);
  const picture = input.text('svg');
  if (picture === undefined) return {};
  const file = resolve(context.folder, picture);
  await writeFileDurably(file, survivalPicture(plan.name, survival));
  context.output.line(`The picture is in ${shortPath(file)}`);
  return { files: [file] };
}

/** As people would type it from where they are, unless that is a long way around. */
function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

function verdict(name: string, findings: readonly Finding[]): string {
  const counts = (['error', 'warning', 'info'] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    const word = severity === 'info' ? 'note' : severity;
    return `${count} ${word}${count === 1 ? '' : 's'}`;
  });
  return `${name}: ${counts.join(', ')}`;
}
