import type { OutsidePoint, Survey, SurveyRemark } from '../../assets/index.ts';
import { systemCodeOf, type LifeboatError, limits } from '../../core/index.ts';
import { sentenceDuration, type AssetDeclaration, type Finding } from '../../plan/index.ts';
import { isCode, isSilent, type Path, type World } from './world.ts';
import type { LiveCode } from './rules.ts';

/** What the source of one asset answered. */
export interface AssetState {
  readonly asset: string;
  readonly findings: readonly Finding[];
  /** `SourceIdentity.id`; undefined when it could not be asked. */
  readonly identity: string | undefined;
  readonly bytes: number | undefined;
  /** What a backup of it writes into the folder of state while it runs. */
  readonly scratchBytes: number;
  /** Where others make and keep the copies: what there is, oldest first. */
  readonly outside?: readonly OutsidePoint[];
}

/** Asks every source who it is, and whether it could be backed up and restored as it stands. */
export async function askAssets(world: World): Promise<AssetState[]> {
  const asked = await Promise.all([...world.plan.assets.values()].map((asset) => askAsset(world, asset)));
  return asked.map(({ survey, ...state }) => {
    if (survey === undefined) return state;
    const remarks = survey.remarks.filter(({ thing }) => thing === undefined || isUncovered(thing, state, asked));
    return { ...state, findings: findingsOf(world, ['assets', state.asset], state.asset, { ...survey, remarks }) };
  });
}

/** Several assets may be of one source: what one of them leaves out another may hold. */
const isUncovered = (thing: string, { identity }: AssetState, all: readonly Asked[]): boolean =>
  !all.some((other) => other.identity === thing) &&
  all
    .filter((other) => other.identity === identity)
    .every(({ survey }) => survey?.remarks.some((remark) => remark.thing === thing) === true);

interface Asked extends AssetState {
  readonly survey: Survey | undefined;
}

async function askAsset(world: World, { name, type, settings, policy }: AssetDeclaration): Promise<Asked> {
  const at: Path = ['assets', name];
  const kind = world.request.registry.assets.find((one) => one.type === type);
  const nothing = { asset: name, identity: undefined, bytes: undefined, scratchBytes: 0, survey: undefined };
  if (kind === undefined) {
    const message = `${name} was not asked: assets of type ${type} cannot be protected yet`;
    return { ...nothing, findings: [world.notAsked(at, message)] };
  }
  const { plan, clock, request } = world;
  const asset = kind.open(name, settings, { baseFolder: plan.folder, clock, checkKinds: request.registry.checks });
  const identity = await world.ask(`the source of ${name}`, (signal) => asset.identify({ signal }));
  if ('error' in identity) return { ...nothing, findings: [refusal(world, at, name, identity.error)] };
  const { id, bytes } = identity.value;
  const known = { ...nothing, identity: id, bytes, findings: [] };
  if (asset.outside !== undefined) {
    const listed = await world.ask(
      `the copies of ${name}`,
      async (signal) => (await asset.outside?.({ signal })) ?? [],
    );
    if ('error' in listed) return { ...nothing, findings: [refusal(world, at, name, listed.error)] };
    return { ...known, outside: listed.value };
  }
  const { survey } = asset;
  if (survey === undefined) return known;
  const isStreamed = plan.policies.get(policy ?? '')?.streams !== undefined;
  const answer = await world.ask(`a closer look at ${name}`, (signal) => survey.call(asset, { signal, isStreamed }));
  if ('error' in answer) return { ...known, findings: [refusal(world, at, name, answer.error)] };
  const { bytes: counted = bytes, scratchBytes = 0 } = answer.value;
  return { ...known, bytes: counted, scratchBytes, survey: answer.value };
}

function findingsOf(world: World, at: Path, name: string, { remarks, clock }: Survey): Finding[] {
  const said = remarks.map(({ about, severity, message, hint }) =>
    world.found(codes[about], at, `${name}: ${message}`, hint, severity),
  );
  if (clock === undefined || Math.abs(clock.aheadMs) - clock.exactToMs < limits.clockSkewMs) return said;
  const direction = clock.aheadMs > 0 ? 'ahead of' : 'behind';
  const message = `the clock of the server of ${name} is ${sentenceDuration(Math.abs(clock.aheadMs))} ${direction} that of this machine`;
  return [...said, world.found('live.clock', at, message, 'Let both be kept by NTP, and look which of them is wrong.')];
}

const codes: Readonly<Record<SurveyRemark['about'], LiveCode>> = {
  rights: 'live.asset_rights',
  settings: 'live.asset_settings',
  programs: 'live.restore_programs',
  uncovered: 'live.uncovered',
};

function refusal(world: World, at: Path, name: string, error: LifeboatError): Finding {
  if (isSilent(error)) return world.unknown(at, `nothing is known of the source of ${name}: ${error.message}`);
  const say = (code: LiveCode): Finding =>
    world.found(code, at, `the source of ${name} cannot be backed up: ${error.message}`, error.hint);
  if (isCode(error, 'secret.unset')) {
    // Said where the source of the secret stands; here only that nothing else is known.
    return world.unknown(at, `the source of ${name} was not asked: ${error.message}`, error.hint);
  }
  const isRefused = ['EACCES', 'EPERM'].includes(systemCodeOf(error.cause) ?? '');
  if (isCode(error, 'asset.denied', 'disk.denied') || isRefused) return say('live.asset_rights');
  if (isCode(error, 'asset.unsupported', 'asset.corrupt', 'asset.foreign')) return say('live.asset_unsupported');
  if (isCode(error, 'asset.tool_missing')) return say('live.restore_programs');
  return say('live.asset_unreachable');
}
