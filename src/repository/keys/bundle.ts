import { createHmac, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** The secrets of a repository. Chunk ids and cut points must outlive a rotation, or nothing would be found again. */
export interface KeyBundle {
  readonly repository: string;
  /** The epoch that new objects are sealed under. */
  readonly epoch: number;
  /** One for each epoch there was; a rotation that is under way holds the next one already. */
  readonly masters: ReadonlyMap<number, Buffer>;
  readonly chunkIdKey: Buffer;
  readonly chunkerSeed: Buffer;
}

export function freshBundle(repository: string): KeyBundle {
  return {
    repository,
    epoch: 1,
    masters: new Map([[1, randomBytes(32)]]),
    chunkIdKey: randomBytes(32),
    chunkerSeed: randomBytes(32),
  };
}

/** The largest epoch whose master key it holds. */
export const newestEpoch = (bundle: KeyBundle): number => Math.max(...bundle.masters.keys());

/** With a master key for the epoch after the newest, which is not sealed under yet. */
export const preparedBundle = (bundle: KeyBundle): KeyBundle => ({
  ...bundle,
  masters: new Map([...bundle.masters, [newestEpoch(bundle) + 1, randomBytes(32)]]),
});

/** New objects are sealed under its newest epoch from now on. */
export const activatedBundle = (bundle: KeyBundle): KeyBundle => ({ ...bundle, epoch: newestEpoch(bundle) });

/** What people compare to know that two stores, or a sheet and a store, belong together: eight groups that tell nothing of the key. */
export const fingerprintOf = (bundle: KeyBundle): string =>
  createHash('sha256')
    .update(Buffer.from(hkdfSync('sha256', bundle.chunkIdKey, '', `lifeboat/1/fingerprint/${bundle.repository}`, 32)))
    .digest('hex')
    .slice(0, 32)
    .replaceAll(/(.{4})(?=.)/g, '$1-');

/** Only who holds the bundle of this epoch can say of a text that the bundle’s holders wrote it. Undefined without that epoch. */
export function vouchFor(bundle: KeyBundle, epoch: number, text: string): Buffer | undefined {
  const master = bundle.masters.get(epoch);
  if (master === undefined) return undefined;
  const secret = Buffer.concat([master, bundle.chunkIdKey]);
  const key = Buffer.from(hkdfSync('sha256', secret, '', `lifeboat/1/vouch/${bundle.repository}`, 32));
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

export function encodeBundle(bundle: KeyBundle, more: Readonly<Record<string, string>> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      repository: bundle.repository,
      epoch: bundle.epoch,
      masters: Object.fromEntries([...bundle.masters].map(([epoch, key]) => [epoch, base64(key)])),
      chunkIdKey: base64(bundle.chunkIdKey),
      chunkerSeed: base64(bundle.chunkerSeed),
      ...more,
    }),
  );
}

/** Undefined for the bundle of another repository. Throws for what is no bundle. */
export function decodeBundle(bytes: Uint8Array, repository: string): (KeyBundle & { slot?: Buffer }) | undefined {
  const bundle = bundleSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  if (bundle.repository !== repository || bundle.masters[bundle.epoch] === undefined) return undefined;
  return {
    repository,
    epoch: bundle.epoch,
    masters: new Map(Object.entries(bundle.masters).map(([epoch, key]) => [Number(epoch), fromBase64(key)])),
    chunkIdKey: fromBase64(bundle.chunkIdKey),
    chunkerSeed: fromBase64(bundle.chunkerSeed),
    ...(bundle.slot === undefined ? {} : { slot: fromBase64(bundle.slot) }),
  };
}

/** The gear table of the content chunker: 256 numbers that only holders of the key know, so that cuts tell nothing. */
export function gearTable(bundle: KeyBundle): Uint32Array {
  const bytes = Buffer.from(hkdfSync('sha256', bundle.chunkerSeed, '', 'lifeboat/1/gear', 1024));
  return Uint32Array.from({ length: 256 }, (_, i) => bytes.readUInt32BE(i * 4));
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
export const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64url');
export const base64Text = z.string().regex(/^[\w-]+$/);
export const key32 = base64Text.length(43);

const bundleSchema = z.object({
  repository: z.string(),
  epoch: z.int().min(1),
  masters: z.record(z.string().regex(/^[1-9]\d*$/), key32),
  chunkIdKey: key32,
  chunkerSeed: key32,
  slot: key32.optional(),
});
