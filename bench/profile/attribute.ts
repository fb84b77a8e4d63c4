/** What V8 writes: a tree of functions by who called whom, and which of them each sample found at work. Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
  readonly endTime: number;
}

/** `own code`: ours, or a library's for us, in none of the others. `runtime`: Node's or V8's, for nobody in particular. */
export type Phase =
  | 'wait'
  | 'read'
  | 'receive'
  | 'check pages'
  | 'cut'
  | 'hash'
  | 'compress'
  | 'decompress'
  | 'seal'
  | 'open'
  | 'keys'
  | 'write'
  | 'sync'
  | 'files'
  | 'hand over'
  | 'memory'
  | 'start'
  | 'garbage'
  | 'own code'
  | 'runtime';

interface Frame {
  readonly name: string;
  readonly url: string;
}

export interface Share {
  readonly phase: Phase;
  /** `repository/write/chunker.ts`, the nearest file of ours; empty when there is none. */
  readonly place: string;
  readonly seconds: number;
}

/** How much of one thread's time went into what, on behalf of which file of ours. */
export function attribute(profile: CpuProfile): Share[] {
  const stackOf = stacks(profile);
  const shares = new Map<string, { phase: Phase; place: string; seconds: number }>();
  profile.samples.forEach((node, index) => {
    const { phase, place } = judge(stackOf(node));
    const key = `${phase} ${place}`;
    const share = shares.get(key) ?? { phase, place, seconds: 0 };
    share.seconds += (profile.timeDeltas[index] as number) / 1e6;
    shares.set(key, share);
  });
  return [...shares.values()];
}

/** From the function at work outwards. */
function stacks({ nodes }: CpuProfile): (node: number) => Frame[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callerOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const known = new Map<number, Frame[]>();
  const stackOf = (id: number): Frame[] => {
    const stack = known.get(id);
    if (stack !== undefined) return stack;
    const { functionName, url } = (byId.get(id) as CpuProfile['nodes'][number]).callFrame;
    const caller = callerOf.get(id);
    const whole = [{ name: functionName, url }, ...(caller === undefined ? [] : stackOf(caller))];
    known.set(id, whole);
    return whole;
  };
  return stackOf;
}

function judge(stack: readonly Frame[]): { phase: Phase; place: string } {
  const ours = stack.findIndex(({ url }) => placeOf(url) !== undefined);
  const place = ours < 0 ? '' : (placeOf((stack[ours] as Frame).url) as string);
  // What it does is told by the functions between it and the nearest of ours, and failing that by ours.
  const called = ours < 0 ? stack : stack.slice(0, ours);
  // Reading a file of the program is no reading of data.
  if (called.some(({ url }) => loads.test(url))) return { phase: 'start', place };
  for (const frame of called) {
    const phase = phaseOfForeign(frame, stack[ours]?.name ?? '');
    if (phase !== undefined) return { phase, place };
  }
  if (ours < 0) return { phase: 'runtime', place };
  return { phase: phaseOfOurs(stack[ours] as Frame, stack[ours + 1]), place };
}

/** The checkout itself may lie below a folder of this name. */
const placeOf = (url: string): string | undefined =>
  url.includes('node_modules') ? undefined : /.*\/src\/([a-z-]+\/.*)$/.exec(url)?.[1];

/** No plain object: functions are called `constructor` too. */
const special: ReadonlyMap<string, Phase> = new Map([
  ['(idle)', 'wait'],
  ['(garbage collector)', 'garbage'],
  ['(program)', 'runtime'],
  ['postMessage', 'hand over'],
]);

const loads = /^node:internal\/(modules|bootstrap|deps\/amaro|process\/pre_execution|main)/;

/** Of Node's own functions: by module, the names being Node's. `caller`: the nearest function of ours, which tells the way. */
function phaseOfForeign({ name, url }: Frame, caller: string): Phase | undefined {
  const known = special.get(name);
  if (known !== undefined) return known;
  if (/^node:internal\/crypto\/(keys|hkdf|argon2|scrypt|pbkdf2|random)/.test(url)) return 'keys';
  if (/^node:(internal\/crypto\/(hash|mac))/.test(url)) return 'hash';
  const back = /open|decode|decrypt|decompress|unpack/i.test(caller);
  // What Node calls back by itself goes either way: for nobody of ours it stays the runtime's.
  if (/^node:internal\/crypto\/(cipher|aes)/.test(url) && caller !== '') return back ? 'open' : 'seal';
  if (url === 'node:zlib' && caller !== '') return back ? 'decompress' : 'compress';
  if (/^node:(fs|internal\/fs\/)/.test(url)) return phaseOfFile(name);
  if (/^node:(net|tls|internal\/stream_base_commons)|node_modules\/pg/.test(url)) return 'receive';
  if (/^node:(internal\/)?buffer/.test(url)) return 'memory';
  if (url.startsWith('node:internal/worker')) return 'hand over';
  return undefined;
}

function phaseOfFile(name: string): Phase {
  if (/fsync|fdatasync|^f?(data)?sync$/i.test(name)) return 'sync';
  if (/^(p?write|append)/i.test(name)) return 'write';
  if (/^p?read(?!dir|link)/i.test(name)) return 'read';
  return 'files';
}

function phaseOfOurs({ name, url }: Frame, caller: Frame | undefined): Phase {
  if (name === '' && caller?.url.startsWith('node:internal/modules') === true) return 'start';
  if (/chunker/.test(url)) return 'cut';
  // Native calls have no frame of Node's around them there.
  if (/\/format\/zstd\.[tj]s$/.test(url)) return /unpack/i.test(`${name} ${caller?.name}`) ? 'decompress' : 'compress';
  if (/crc32c|checksum/i.test(url)) return 'check pages';
  return 'own code';
}
