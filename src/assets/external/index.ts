import { z } from 'zod';
import type { CheckResult } from '../../checks/check.ts';
import { isoTime, LifeboatError, messageOf } from '../../core/index.ts';
import type { OthersBucketKind } from '../../stores/index.ts';
import type { Asset, AssetContext, AssetKind, CheckTarget, Newest, OutsidePoint, WorkOptions } from '../asset.ts';
import { decoded, type Decoders } from './decode.ts';
import type { Form, FormKind, KeptContent } from '../outside.ts';
import { fromSchema, keeperOf, type From } from './from.ts';
import type { Keeper } from './keeper.ts';

export interface ExternalSettings {
  readonly from: From;
  readonly decode?: Decoders | undefined;
  readonly as: string;
  readonly keptIn?: string | readonly string[] | undefined;
}

/** What copies may be of, with the kind of asset that works with what was restored. */
export interface KnownForm {
  readonly form: FormKind;
  readonly kind: AssetKind;
}

/**
 * Copies that others make and keep: listed, judged, restored and rehearsed with their own tools, never written. `forms` are what such
 * copies may be copies of, `buckets` how those are read that lie in one.
 */
export function externalKind(forms: readonly KnownForm[], buckets: OthersBucketKind): AssetKind<ExternalSettings> {
  return {
    type: 'external',
    schema: schemaOf(forms, buckets),
    open: (name, settings, context) => {
      const known = forms.find(({ form }) => form.type === settings.as);
      if (known === undefined)
        throw new LifeboatError('plan.invalid', `copies cannot be of ${settings.as}`, { where: name });
      const { baseFolder, clock } = context;
      const keeper = keeperOf(settings.from, settings.as !== 'files', buckets, { name, baseFolder, clock });
      return new ExternalAsset(name, settings, { keeper, known, context });
    },
  };
}

function schemaOf(forms: readonly KnownForm[], buckets: OthersBucketKind): z.ZodType<ExternalSettings> {
  const common = {
    from: fromSchema(buckets),
    keptIn: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe('The failure domain, or domains, in which the copies stand: what a loss leaves is judged by it.'),
    decode: z
      .array(z.tuple([z.string().min(1)], z.string()))
      .optional()
      .describe(
        'Programs that a copy passes through, in order, such as [age, -d, -i, key.txt]. What .gz, .zst, .xz and .bz2 say is undone by itself.',
      ),
  };
  const [first, ...others] = forms.map(({ form: { type, settings } }) =>
    z.strictObject({ ...common, as: z.literal(type).describe('What the copies are copies of.'), ...settings }),
  );
  if (first === undefined) throw new LifeboatError('internal', 'an external asset needs a form');
  return z.discriminatedUnion('as', [first, ...others]) as unknown as z.ZodType<ExternalSettings>;
}

class ExternalAsset implements Asset {
  readonly type = 'external';
  readonly name: string;
  readonly #settings: ExternalSettings;
  readonly #keeper: Keeper;
  readonly #form: Form;
  /** Of the kind that the copies are of; it has no source. */
  readonly #inner: Asset;

  constructor(
    name: string,
    settings: ExternalSettings,
    parts: { readonly keeper: Keeper; readonly known: KnownForm; readonly context: AssetContext },
  ) {
    const { form, kind } = parts.known;
    this.name = name;
    this.#settings = settings;
    this.#keeper = parts.keeper;
    this.#form = form.open(name, settings);
    this.#inner = kind.open(name, form.assetSettings(settings), parts.context);
  }

  identify(options?: WorkOptions) {
    return this.#keeper.identify(options);
  }

  outside(options?: WorkOptions): Promise<OutsidePoint[]> {
    return this.#keeper.list(options);
  }

  // oxlint-disable-next-line require-yield -- it has nothing to give, and the contract is a generator
  async *capture(): ReturnType<Asset['capture']> {
    throw new LifeboatError('asset.unsupported', `the copies of ${this.name} are made by others`, {
      hint: `Lifeboat checks, restores and rehearses them: lifeboat verify ${this.name}`,
    });
  }

  obstacles(target: string): Promise<string[]> {
    return this.#inner.obstacles(target);
  }

  async apply(...[point, staging, options]: Parameters<Asset['apply']>): Promise<void> {
    const content = await this.#open(String(point.facts['outside']), options);
    await this.#form.build(content, staging, options);
  }

  start(...[path, options]: Parameters<Asset['start']>) {
    return this.#form.start?.(path, options) ?? this.#inner.start(path, options);
  }

  /** Of the copies themselves, where the source is asked for: the tool’s own verification, and the newest read to its end. */
  async check(...[of, declared, options]: Parameters<Asset['check']>): Promise<CheckResult[]> {
    if (of !== 'source') return this.#inner.check(of, declared, options);
    const results = await this.#keeper.check(options);
    const newest = (await this.#keeper.list(options)).at(-1);
    const read = newest === undefined ? undefined : await this.#readNewest(newest, options);
    return read === undefined ? results : [...results, read];
  }

  async #readNewest(newest: OutsidePoint, options: WorkOptions = {}): Promise<CheckResult | undefined> {
    if (this.#form.read === undefined) return undefined;
    const name = 'the newest copy is whole';
    const about = { name, expected: 'read to its end', durationMs: 0 };
    try {
      const content = await this.#open(newest.id, options);
      if (content.kind !== 'stream') return undefined;
      return { ...about, ok: true, observed: `${newest.id}: ${await this.#form.read(content, options)}` };
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      return { ...about, ok: false, observed: `${newest.id}: ${messageOf(error)}` };
    }
  }

  /** The source is not known here: how far its copies go is all that can be told. */
  async newest(of: CheckTarget, options?: WorkOptions): Promise<Newest> {
    if (of !== 'source') return this.#inner.newest(of, options);
    const newest = (await this.#keeper.list(options)).at(-1);
    return newest === undefined ? {} : { atMs: newest.atMs, token: `${newest.id} ${isoTime(newest.atMs)}` };
  }

  async #open(id: string, options: WorkOptions): Promise<KeptContent> {
    const content = await this.#keeper.open(id, options.signal === undefined ? {} : { signal: options.signal });
    if (content.kind !== 'stream') return content;
    const read = (): ReturnType<typeof decoded> =>
      decoded(content.name, content.read(), this.#settings.decode ?? [], options.signal);
    return { id, kind: 'stream', name: read().name, read: () => read().parts };
  }
}
