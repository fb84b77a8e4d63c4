import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import type { CheckSpec, Finding, Place, Plan } from '../../plan/index.ts';
import { everyStep } from './steps.ts';
import type { Path, World } from './world.ts';

interface Use {
  readonly words: readonly string[];
  readonly folder: string;
  readonly at: Path | Place;
  /** `the step load` */
  readonly of: string;
}

/** Looks for the programs and scripts that steps and checks run, without running them. */
export async function askPrograms(world: World): Promise<Finding[]> {
  const found = await Promise.all(usesIn(world.plan).map((use) => askUse(world, use)));
  return found.flat();
}

async function askUse(world: World, use: Use): Promise<Finding[]> {
  const { words, at, of } = use;
  const [program = '', ...rest] = words;
  if (program.includes('${') || use.folder.includes('${')) {
    return [world.found('live.unknown', at, `which program ${of} runs is known only when it runs`, undefined, 'info')];
  }
  const answer = await world.ask(`the program ${program}`, async () => [
    ...(await problemOf(program, use.folder)),
    ...(await scriptProblem(program, rest, use.folder)),
  ]);
  if ('error' in answer)
    return [world.unknown(at, `whether ${program} is there is not known: ${answer.error.message}`)];
  const hint = 'Install it here, or correct the step; on the day there may be no network to get it from.';
  return answer.value.map((problem) => world.found('live.program_missing', at, `${of} runs ${problem}`, hint));
}

async function problemOf(program: string, folder: string): Promise<string[]> {
  const places = program.includes('/')
    ? [resolve(folder, program)]
    : (process.env['PATH'] ?? '').split(':').flatMap((part) => (part === '' ? [] : [join(part, program)]));
  const states = await Promise.all(places.map((place) => stateOf(place, constants.X_OK)));
  if (states.includes('usable')) return [];
  if (states.includes('refused')) return [`${program}, which this user may not execute`];
  return [program.includes('/') ? `${program}, which is not there` : `${program}, which is not on the PATH`];
}

const interpreters = /^(sh|bash|dash|zsh|ksh|node|python3?|perl|ruby|pwsh|powershell)$/;
const script = /^[^-$*?][^$*?]*\.(sh|bash|js|mjs|cjs|ts|py|pl|rb|ps1)$/;

/** `[bash, scripts/restore.sh]`: the program is there, the script may not be. */
async function scriptProblem(program: string, words: readonly string[], folder: string): Promise<string[]> {
  const name = words[0];
  if (name === undefined || !interpreters.test(basename(program)) || !script.test(name)) return [];
  const state = await stateOf(resolve(folder, name), constants.R_OK);
  if (state === 'usable') return [];
  return [`${name}, which ${state === 'missing' ? 'is not there' : 'this user may not read'}`];
}

/** Throws what the system says beyond that. */
export async function stateOf(path: string, mode: number): Promise<'usable' | 'refused' | 'missing'> {
  try {
    if (!(await stat(path)).isFile()) return 'missing';
    await access(path, mode);
    return 'usable';
  } catch (error) {
    const code = systemCodeOf(error) ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    if (code === 'EACCES' || code === 'EPERM') return 'refused';
    throw error;
  }
}

function usesIn(plan: Plan): Use[] {
  const steps = everyStep(plan).flatMap((step): Use[] => {
    const of = `the step ${step.id}`;
    const own = step.kind === 'exec' ? useOf(plan, step.settings, step.place, of) : [];
    const inside = step.kind === 'check' ? useOfChecks(plan, [checkIn(step.settings)].flat(), step.place, of) : [];
    return [...own, ...inside, ...useOfChecks(plan, [...(step.guard ?? []), ...(step.verify ?? [])], step.place, of)];
  });
  return [
    ...steps,
    ...[...plan.assets.values()].flatMap(({ name, checks }) =>
      useOfChecks(plan, checks, ['assets', name, 'checks'], `a check of ${name}`),
    ),
    ...[...plan.services.values()].flatMap(({ name, health }) =>
      useOfChecks(plan, health, ['services', name, 'health'], `the health of ${name}`),
    ),
    ...[...plan.readiness].flatMap(([name, { checks }]) =>
      useOfChecks(plan, checks, ['readiness', name], `the readiness ${name}`),
    ),
    ...[...plan.scenarios.values()].flatMap(({ name, success = [], invariants = [] }) =>
      useOfChecks(plan, [...success, ...invariants], ['scenarios', name], `a check of ${name}`),
    ),
  ];
}

/** `check: { command: […] }` of a step. */
const checkIn = (settings: unknown): CheckSpec[] =>
  typeof settings === 'object' && settings !== null && 'command' in settings
    ? [{ kind: 'command', settings: settings.command }]
    : [];

const useOfChecks = (plan: Plan, checks: readonly CheckSpec[], at: Path | Place, of: string): Use[] =>
  checks.flatMap(({ kind, settings }) => (kind === 'command' ? useOf(plan, settings, at, of) : []));

/** `[PROGRAM, …]`, or `{ run: [PROGRAM, …], cwd }`. */
function useOf(plan: Plan, settings: unknown, at: Path | Place, of: string): Use[] {
  const { run, cwd = '.' } = Array.isArray(settings)
    ? { run: settings as string[] }
    : (settings as { run?: string[]; cwd?: string });
  return Array.isArray(run) ? [{ words: run, folder: resolve(plan.folder, cwd), at, of }] : [];
}
