import { describeSource, isSecretSource, readSecret, type SecretSource } from '../../core/index.ts';
import type { Finding, Place, StepDeclaration } from '../../plan/index.ts';
import { isSilent, type Path, type World } from './world.ts';

interface Use {
  readonly source: SecretSource;
  readonly at: Path | Place;
  /** `the key main`, `the channel ops` */
  readonly of: string;
}

/** Reads every source of a secret once, wherever it is used. The texts are known to `redact` from then on. */
export async function askSecrets(world: World): Promise<Finding[]> {
  const uses = usesIn(world);
  const bySource = Map.groupBy(uses, ({ source }) => JSON.stringify(source));
  const found = await Promise.all([...bySource.values()].map((same) => askSource(world, same)));
  return found.flat();
}

async function askSource(world: World, uses: readonly Use[]): Promise<Finding[]> {
  const [first] = uses;
  if (first === undefined) return [];
  const { source } = first;
  const answer = await world.ask(`the ${describeSource(source)}`, () => readSecret(source));
  if (!('error' in answer)) return [];
  const { error } = answer;
  return uses.map(({ at, of }) =>
    isSilent(error)
      ? world.unknown(at, `the secret of ${of} is not known: ${error.message}`, error.hint)
      : world.found('live.secret', at, `${of} has no secret here: ${error.message}`, error.hint),
  );
}

const channelSecrets = ['url', 'secret', 'token', 'api', 'routingKey'];

function usesIn(world: World): Use[] {
  const { plan, request } = world;
  const executable = (kinds: readonly { type: string }[], type: string): boolean =>
    kinds.some((kind) => kind.type === type);
  return [
    ...[...plan.keys.values()].flatMap(({ name, passphrase, identity }) => [
      ...useOf(passphrase, ['keys', name, 'passphrase'], `the key ${name}`),
      ...useOf(identity, ['keys', name, 'identity'], `the key ${name}`),
    ]),
    ...[...plan.stores.values()].flatMap(({ name, type, settings }) =>
      below(settings, ['stores', name], `the store ${name}`, executable(request.registry.stores, type)),
    ),
    // Those of a kind that cannot be executed yet may say `file` and `env` of something else than a secret.
    ...[...plan.assets.values()].flatMap(({ name, type, settings }) =>
      executable(request.registry.assets, type) ? below(settings, ['assets', name], `the asset ${name}`, true) : [],
    ),
    ...[...plan.channels].flatMap(([name, channel]) =>
      channelSecrets.flatMap((key) => useOf(channel[key], ['channels', name, key], `the channel ${name}`)),
    ),
    ...[...plan.scenarios.values()].flatMap(({ steps }) => steps.flatMap(usesOfStep)),
  ];
}

const useOf = (source: unknown, at: Path | Place, of: string): Use[] =>
  isSecretSource(source) ? [{ source, at, of }] : [];

/** The settings of one store or asset. `exec` of a kind that cannot be used yet may be a command: it is left alone. */
function below(value: unknown, path: Path, of: string, mayExecute: boolean): Use[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isOnlySource(value)) return mayExecute || !('exec' in value) ? [{ source: value, at: path, of }] : [];
  return Object.entries(value).flatMap(([key, part]) =>
    below(part, [...path, Array.isArray(value) ? Number(key) : key], of, mayExecute),
  );
}

function isOnlySource(value: object): value is SecretSource {
  const [[key, content] = [], ...more] = Object.entries(value);
  if (more.length > 0) return false;
  return key === 'exec' ? Array.isArray(content) : (key === 'env' || key === 'file') && typeof content === 'string';
}

/** What a program is given in its environment; the words of its command line hold no sources. */
function usesOfStep(step: StepDeclaration): Use[] {
  const inside = [...step.steps, ...(step.options ?? []).flatMap(({ steps }) => steps)].flatMap(usesOfStep);
  if (step.kind !== 'exec' || typeof step.settings !== 'object' || step.settings === null) return inside;
  const environment = Object.values((step.settings as { env?: object }).env ?? {});
  return [...environment.flatMap((value) => useOf(value, step.place, `the step ${step.id}`)), ...inside];
}
