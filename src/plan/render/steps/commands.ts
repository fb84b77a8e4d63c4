import { isSecretSource, shellWord } from '../../../core/index.ts';
import type { Plan, StepDeclaration } from '../../model.ts';
import type { Block } from '../model.ts';
import { Settings } from './settings.ts';

export interface CommandContext {
  readonly plan: Plan;
  /** Types of assets that this program restores and backs up. */
  readonly assetTypes: ReadonlySet<string>;
}

/** What can be typed for a step: by Lifeboat, by hand from the plan's own words, and as the document has it. */
export function commandsOf(step: StepDeclaration, context: CommandContext): Block[] {
  const settings = new Settings(step.settings);
  const ours = ownCommand(step, settings, context);
  const made = Object.hasOwn(byHand, step.kind) ? byHand[step.kind]?.(settings, context) : undefined;
  return [
    ...(ours === undefined
      ? []
      : [code(isOver(step) ? 'With Lifeboat: beside, never over what is there' : 'With Lifeboat', ours)]),
    ...(made === undefined || made === ''
      ? []
      : [code('By hand, made from the plan: read it before you run it', made)]),
    ...(step.command === undefined ? [] : [code('As the document has it', step.command)]),
  ];
}

/** Whether a document restores over something: we do not. */
export const isOver = ({ kind, siblings }: StepDeclaration): boolean =>
  kind === 'restore' && siblings['into'] !== undefined && siblings['into'] !== 'new';

const code = (caption: string, text: string): Block => ({ kind: 'code', caption, text: text.trimEnd() });

/** Only commands that this program has. */
function ownCommand(
  step: StepDeclaration,
  settings: Settings,
  { plan, assetTypes }: CommandContext,
): string | undefined {
  const asset = settings.alone ?? settings.text('asset');
  const declared = asset === undefined ? undefined : plan.assets.get(asset);
  if (declared === undefined || !assetTypes.has(declared.type)) return undefined;
  if (step.kind === 'backup') return `lifeboat backup ${shellWord(declared.name)}`;
  if (step.kind !== 'restore') return undefined;
  const words = ['lifeboat restore', shellWord(declared.name), '--to', shellWord(`./restored/${declared.name}`)];
  const [point, store, at] = [settings.text('point'), settings.text('store'), step.siblings['at']];
  if (point !== undefined) words.push('--point', shellWord(point));
  if (store !== undefined) words.push('--store', shellWord(store));
  if (at !== undefined) words.push('--at', isMoment(at) ? shellWord(at) : 'TIME');
  if (declared.type === 'postgres') words.push('--start');
  const remark =
    at === undefined || isMoment(at) ? '' : `\n# TIME: the last moment whose data is right, in UTC: ${exampleTime}`;
  return `${words.join(' ')}${remark}`;
}

const exampleTime = '2026-11-21T03:00:00Z';

const isMoment = (at: unknown): at is string => typeof at === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at);

const byHand: Readonly<Record<string, (settings: Settings, context: CommandContext) => string | undefined>> = {
  exec: (settings) => {
    const run = settings.all.length > 0 ? settings.all : settings.texts('run');
    const folder = settings.text('cwd');
    const line = run.map(shellWord).join(' ');
    return folder === undefined || line === '' ? line : `cd ${shellWord(folder)} && ${line}`;
  },
  check: (settings, context) => asking(settings, context),
  wait: (settings, context) => asking(new Settings(settings.value('until')), context),
  provision: (settings, { plan }) => {
    const by = settings.text('by');
    if (by === 'terraform') return terraform(settings);
    return by === 'kubectl' || by === 'kustomize' ? kubectl(settings, by, plan) : undefined;
  },
};

function terraform(settings: Settings): string | undefined {
  const folder = settings.text('folder');
  if (folder === undefined) return undefined;
  const targets = settings.texts('targets').map((target) => ` ${shellWord(`-target=${target}`)}`);
  const there = `terraform ${shellWord(`-chdir=${folder}`)}`;
  return `${there} init\n${there} apply${targets.join('')}`;
}

function kubectl(settings: Settings, by: 'kubectl' | 'kustomize', plan: Plan): string | undefined {
  const context = plan.clusters.get(settings.text('cluster') ?? '')?.context;
  const namespace = settings.text('namespace');
  const where = [
    ...(context === undefined ? [] : ['--context', shellWord(context)]),
    ...(namespace === undefined ? [] : ['-n', shellWord(namespace)]),
  ];
  // A folder is built by -k, a single manifest is not.
  const flag = (file: string): string => (by === 'kustomize' && !/\.(ya?ml|json)$/.test(file) ? '-k' : '-f');
  const line = (file: string): string => ['kubectl', ...where, 'apply', flag(file), shellWord(file)].join(' ');
  return settings.texts('files').map(line).join('\n');
}

/** One question that can be typed: an address, a port, a statement. */
function asking(settings: Settings, { plan }: CommandContext): string | undefined {
  const http = settings.text('http') ?? new Settings(settings.value('http')).text('url');
  if (http !== undefined && /^https?:\/\//.test(http)) return `curl -fsS ${shellWord(http)}`;
  const service = plan.services.get(settings.text('service') ?? '');
  if (service !== undefined) return healthOf(service.name, plan);
  const asset = plan.assets.get(settings.text('asset') ?? '');
  const statements = [
    settings.text('sql') ?? new Settings(settings.value('sql')).text('query'),
    ...(asset?.checks ?? []).map((one) => (one.kind === 'sql' ? statementOf(one.settings) : undefined)),
  ];
  return statements.flatMap((one) => (one === undefined ? [] : [`${one.trim().replace(/;$/, '')};`])).join('\n');
}

const statementOf = (settings: unknown): string | undefined =>
  new Settings(settings).alone ?? new Settings(settings).text('query');

/** The addresses of its health checks, where the plan says where it runs for real. */
function healthOf(name: string, plan: Plan): string | undefined {
  const standing = [...plan.environments.values()].filter(({ ephemeral }) => !ephemeral);
  const ordered = standing.toSorted((one, other) => Number(other.protected) - Number(one.protected));
  const at = ordered.map(({ services }) => services.get(name)?.at).find((one) => one?.startsWith('http'));
  const paths = (plan.services.get(name)?.health ?? []).flatMap(({ kind, settings }) => {
    const path = kind === 'http' ? (new Settings(settings).alone ?? new Settings(settings).text('url')) : undefined;
    return path === undefined || isSecretSource(settings) ? [] : [path];
  });
  const addresses = paths.flatMap((path) => {
    if (/^https?:\/\//.test(path)) return [path];
    return at === undefined ? [] : [`${at.replace(/\/$/, '')}/${path.replace(/^\//, '')}`];
  });
  return addresses.map((address) => `curl -fsS ${shellWord(address)}`).join('\n');
}
