import { isAtOrBelow, pathText, stepAt } from './paths.mjs';

/**
 * Whether a command of today acts on what stands at this place, by the kinds of the registry. What only people read, and what waits for
 * a scheduler, a notifier or a later kind, is not executable, however well it is described.
 */
export function executes(judge, path) {
  const [section, name, key] = path;
  const place = pathText(path);
  if (judge.later.some((later) => isAtOrBelow(later, place) || isAtOrBelow(place, later))) return false;
  if (section === 'keys') return true;
  if (section === 'stores') return isStore(judge, name) && isSettingOf(judge, 'stores', name, key);
  if (section === 'assets')
    return isAsset(judge, name) && (key === 'checks' || isSettingOf(judge, 'assets', name, key));
  if (section === 'policies') return isActedOn(judge, name, key, path[3]);
  if (section === 'services') return key === 'health';
  if (section === 'drills') return isDrill(judge, name) && ['scenario', 'in', undefined].includes(key);
  if (section === 'scenarios') return isStep(judge, stepAt(judge.document.value, path));
  return false;
}

/**
 * Nothing runs a calendar yet: of a policy the stores that it names count, what `store prune` keeps (of points, not of logs) and what
 * `verify` asks. A document is for people.
 */
function isActedOn(judge, policy, key, inner) {
  if (!judge.plan.policies.get(policy).to.every((store) => isStore(judge, store))) return false;
  if (key === 'verify') return !['every', 'document'].includes(inner);
  return key === 'to' || (key === 'keep' && inner !== 'pitr');
}

const isStore = ({ plan, registry }, name) => registry.stores.some(({ type }) => type === plan.stores.get(name)?.type);

function isAsset({ plan, registry }, name) {
  const asset = plan.assets.get(name);
  return registry.assets.some(({ type }) => type === asset?.type);
}

/** The type, and what its kind's schema takes; what every asset may say of itself (`about`, `artifacts`, …) is read by people. */
function isSettingOf({ registry, plan }, section, name, key) {
  if (key === undefined || key === 'type') return true;
  const kind = registry[section].find(({ type }) => type === plan[section].get(name)?.type);
  return kind?.schema.safeParse(plan[section].get(name).settings).data?.[key] !== undefined;
}

/** What a step may promise and a run refuses to start with. */
const unkept = ['in', 'window', 'guard', 'verify'];

function isStep(judge, step) {
  if (step === undefined || unkept.some((key) => step[key] !== undefined)) return false;
  const kind = judge.registry.steps.find((one) => step[one.kind] !== undefined);
  if (kind === undefined) return false;
  // A restore to a moment finds the newest point before it, and replays no log yet: that is less than what the plans mean by it.
  if (kind.kind === 'restore' && step.at !== undefined) return false;
  if (kind.kind === 'notify') return isChannel(judge, step.notify.channel);
  if (kind.kind === 'restore' || kind.kind === 'backup') return isAsset(judge, assetOf(step[kind.kind]));
  if (kind.kind === 'call') return isCall(judge, step.call);
  if (kind.kind === 'choose') return Object.values(step.choose.options).every((way) => isWay(judge, way));
  return kind.kind !== 'parallel' || (step.parallel.steps ?? step.parallel).every((inner) => isStep(judge, inner));
}

/** A called scenario of which every step runs; a drill is not called yet. */
const isCall = (judge, written) => {
  const scenario = typeof written === 'string' ? written : written.scenario;
  return scenario !== undefined && isScenario(judge, scenario);
};

/** A text is only an answer. */
const isWay = (judge, way) =>
  typeof way === 'string' ||
  ((way.call === undefined || isCall(judge, way.call)) && (way.steps ?? []).every((inner) => isStep(judge, inner)));

/** Messages go to the console until there are notifiers. */
const isChannel = ({ plan }, name) => (plan.channels.get(name)?.type ?? name) === 'console';

const assetOf = (written) => (typeof written === 'string' ? written : written.asset);

/** One that rehearses a scenario of which every step runs. */
function isDrill(judge, name) {
  const scenario = judge.plan.drills.get(name)?.scenario;
  return scenario !== undefined && isScenario(judge, scenario);
}

/** Every step of it runs: then the whole procedure does. */
export function isScenario(judge, name) {
  const { steps = [], success, invariants } = judge.document.value.scenarios[name];
  const promises = [success, invariants].some((checks) => checks !== undefined);
  const isLater = judge.later.some((later) => isAtOrBelow(later, `scenarios.${name}`));
  return steps.length > 0 && !promises && !isLater && steps.every((step) => isStep(judge, step));
}
