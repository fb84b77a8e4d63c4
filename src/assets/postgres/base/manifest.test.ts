import { createHash } from 'node:crypto';
import { array, assert, integer, nat, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc32c } from '../crc32c.ts';
import { compareWithManifest, passedOver, type Received } from './manifest.ts';

const checksumOf = (bytes: Uint8Array): string => {
  const crc = new Crc32c();
  crc.update(bytes);
  return crc.hex();
};

/** A manifest as PostgreSQL lays it out, with its own checksum. */
function manifestOf(files: readonly Record<string, unknown>[], version = 1): Buffer {
  const lines = files.map((file) => JSON.stringify(file)).join(',\n');
  const covered = `{ "PostgreSQL-Backup-Manifest-Version": ${version},\n"Files": [\n${lines}\n],\n"WAL-Ranges": [\n],\n`;
  const sum = createHash('sha256').update(covered).digest('hex');
  return Buffer.from(`${covered}"Manifest-Checksum": "${sum}"}\n`);
}

const listed = (path: string, bytes: Buffer): Record<string, unknown> => ({
  Path: path,
  Size: bytes.length,
  'Checksum-Algorithm': 'CRC32C',
  Checksum: checksumOf(bytes),
});
const arrived = (bytes: Buffer): Received => ({ bytes: bytes.length, checksum: checksumOf(bytes) });

const page = Buffer.alloc(8192, 7);
const manifest = manifestOf([listed('base/5/1259', page), listed('backup_label', Buffer.from('START'))]);
const whole = (): Map<string, Received> =>
  new Map([
    ['base/5/1259', arrived(page)],
    ['backup_label', arrived(Buffer.from('START'))],
    ['pg_wal/000000010000000000000002', arrived(page)],
  ]);

describe('CRC-32C', () => {
  it('gives the checksum that its authors publish, in the order of bytes that PostgreSQL writes', () => {
    expect(checksumOf(Buffer.from('123456789'))).toBe('839206e3');
    expect(checksumOf(Buffer.alloc(0))).toBe('00000000');
  });

  it('is the same however the bytes are cut and wherever they lie in memory', () => {
    assert(
      property(uint8Array({ maxLength: 300 }), array(nat(300), { maxLength: 5 }), nat(7), (bytes, cuts, offset) => {
        const shifted = new Uint8Array(bytes.length + offset).subarray(offset);
        shifted.set(bytes);
        const crc = new Crc32c();
        let at = 0;
        for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
          crc.update(shifted.subarray(at, cut));
          at = Math.max(at, Math.min(cut, bytes.length));
        }
        let slow = -1;
        for (const byte of bytes) {
          slow ^= byte;
          for (let bit = 0; bit < 8; bit += 1) slow = (slow & 1) === 1 ? (slow >>> 1) ^ 0x82f63b78 : slow >>> 1;
        }
        const expected = Buffer.alloc(4);
        expected.writeInt32LE(~slow);
        expect(crc.hex()).toBe(expected.toString('hex'));
      }),
    );
  });
});

describe('the manifest of a base backup', () => {
  it('agrees with what arrived whole; log segments are not its business', () => {
    expect(() => compareWithManifest(manifest, whole())).not.toThrow();
  });

  it('agrees with a file that was passed over on purpose, if its size is right', () => {
    const received = whole().set('base/5/1259', { bytes: page.length, checksum: passedOver });
    expect(() => compareWithManifest(manifest, received)).not.toThrow();
  });

  it('names a file whose path is not text by its bytes', () => {
    const { Path: _, ...file } = listed('x', page);
    const encoded = manifestOf([{ 'Encoded-Path': Buffer.from('base/5/1259').toString('hex'), ...file }], 2);
    expect(() => compareWithManifest(encoded, new Map([['base/5/1259', arrived(page)]]))).not.toThrow();
  });

  it.each([
    ['missing', 'asset.vanished', (files: Map<string, Received>) => void files.delete('base/5/1259')],
    [
      'short by a byte',
      'asset.vanished',
      (files: Map<string, Received>) => void files.set('base/5/1259', arrived(page.subarray(1))),
    ],
    [
      'of the right size with another byte',
      'asset.corrupt',
      (files: Map<string, Received>) => void files.set('base/5/1259', arrived(Buffer.from(page).fill(8, 4000, 4001))),
    ],
    ['one too many', 'asset.corrupt', (files: Map<string, Received>) => void files.set('base/5/9', arrived(page))],
  ])('refuses a file that is %s', (_, code, spoil) => {
    const received = whole();
    spoil(received);
    expect(() => compareWithManifest(manifest, received)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses itself when any byte of it was changed', () => {
    assert(
      property(nat(manifest.length - 2), integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(manifest);
        changed[at] = (changed[at] as number) ^ change;
        expect(() => compareWithManifest(changed, whole())).toThrow(/asset|list|arrive|read/);
      }),
    );
  });
});
