// A second reader of a repository, written from docs/FORMAT.md alone. It shares no code with the product: if it restores a point,
// the document is true. Folder store: an object's name is its path below the folder.
import { argon2Sync, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

const kinds = { pack: 1, index: 2, point: 3, session: 4 };
const fail = (message) => {
  throw new Error(message);
};
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const bytesOf = (text) => Buffer.from(text, 'base64url');

/** @param {{ read(name: string): Buffer, list(prefix: string): string[] }} store */
export function restorePoint(store, passphrase, pointId, target) {
  const bundle = openBundle(store, passphrase);
  const chunks = readIndexes(store, bundle);
  const point = JSON.parse(openDocument(store, bundle, 'point', `points/${pointId}`).toString('utf8'));
  const list = Buffer.concat(point.entries.pieces.map(([, , id]) => readChunk(store, bundle, chunks, bytesOf(id))));
  if (list.length !== point.entries.bytes) fail('the entry list has another length');
  let open;
  for (const line of list.toString('utf8').split('\n').slice(0, -1)) {
    const entry = JSON.parse(line);
    if (entry.path !== undefined) {
      if (open !== undefined) closeSync(open);
      open = begin(entry, target);
    }
    for (const [offset, bytes, id, from] of entry.pieces ?? []) {
      const plain = readChunk(store, bundle, chunks, bytesOf(id));
      if (from === undefined ? plain.length !== bytes : from + bytes > plain.length) fail('a piece has another length');
      writeSync(open, plain, from ?? 0, bytes, offset);
    }
  }
  if (open !== undefined) closeSync(open);
  return point;
}

/** The objects of a folder as a store of names. */
export const folderStore = (root) => ({
  read: (name) => readFileSync(join(root, name)),
  list: (prefix) =>
    readdirSync(join(root, prefix), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
});

function begin(entry, target) {
  if (entry.path.split('/').includes('..') || entry.path.startsWith('/')) fail('a path leads out');
  const path = Buffer.concat([Buffer.from(`${target}/`), nameBytes(entry.path)]);
  if (entry.type === 'folder') return void mkdirSync(path, { recursive: true });
  if (entry.type === 'symlink') return void symlinkSync(nameBytes(entry.target), path);
  if (entry.type === 'hardlink')
    return void linkSync(Buffer.concat([Buffer.from(`${target}/`), nameBytes(entry.target)]), path);
  if (entry.type !== 'file') return undefined;
  writeFileSync(path, '', { mode: entry.mode, flag: 'wx' });
  truncateSync(path, entry.bytes);
  return openSync(path, 'r+');
}

/** A lone surrogate from U+DC80 on is a byte that is no UTF-8. */
function nameBytes(text) {
  const parts = [...text].map((character) => {
    const unit = character.charCodeAt(0);
    if (character.length === 2 || unit < 0xd800 || unit > 0xdfff) return Buffer.from(character);
    return unit >= 0xdc80 && unit <= 0xdcff ? Buffer.of(unit - 0xdc00) : fail('a name that stands for no bytes');
  });
  return Buffer.concat(parts);
}

function readText(store, name) {
  const bytes = store.read(name);
  const end = bytes.indexOf(10) + 1;
  if (bytes.subarray(end).toString() !== `${sha256(bytes.subarray(0, end)).toString('hex')}\n`)
    fail(`${name} is damaged`);
  return JSON.parse(bytes.subarray(0, end).toString('utf8'));
}

function openBundle(store, passphrase) {
  const repository = readText(store, 'repository');
  if (repository.format !== 1) fail('another format');
  for (const name of store.list('keys')) {
    if (name.endsWith('.copy')) continue;
    const key = readText(store, name);
    if (key.kind !== 'passphrase') continue;
    const { memoryKiB: memory, passes, lanes: parallelism, salt } = key.derivation;
    const message = passphrase.normalize('NFC');
    const secret = argon2Sync('argon2id', {
      message,
      nonce: bytesOf(salt),
      memory,
      passes,
      parallelism,
      tagLength: 32,
    });
    const plain = decrypt(secret, bytesOf(key.nonce), `lifeboat/1/key/${repository.id}/${key.id}`, bytesOf(key.sealed));
    const bundle = JSON.parse(plain.toString('utf8'));
    if (bundle.repository !== repository.id) fail('a key of another repository');
    return bundle;
  }
  return fail('no key for a passphrase');
}

function decrypt(key, nonce, associated, sealed) {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function subkey(bundle, kind, name, epoch, salt) {
  return Buffer.from(hkdfSync('sha256', bytesOf(bundle.masters[epoch]), salt, `lifeboat/1/${kind}/${name}`, 32));
}

function segment(key, kind, what, last, number, id, sealed) {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 8);
  const associated = Buffer.alloc(40);
  associated.set([kinds[kind], what, last, 0]);
  associated.writeUInt32BE(number, 4);
  id?.copy(associated, 8);
  return decrypt(key, nonce, associated, sealed);
}

function header(bytes, kind) {
  if (bytes.subarray(0, 8).toString() !== 'LIFEBOAT' || bytes[8] !== 1 || bytes[9] !== kinds[kind])
    fail('not such an object');
  return { epoch: bytes.readUInt32BE(12), salt: bytes.subarray(16, 32) };
}

function whole(store, name) {
  const bytes = store.read(name);
  if (!sha256(bytes.subarray(0, -32)).equals(bytes.subarray(-32))) fail(`${name} is damaged`);
  return bytes;
}

const unpack = (body) => (body[0] === 1 ? zstdDecompressSync(body.subarray(1)) : body.subarray(1));

function openDocument(store, bundle, kind, name) {
  const bytes = whole(store, name);
  const { epoch, salt } = header(bytes, kind);
  return unpack(segment(subkey(bundle, kind, name, epoch, salt), kind, 3, 1, 0, undefined, bytes.subarray(32, -32)));
}

/** Chunk id (hex) to its place. */
function readIndexes(store, bundle) {
  const chunks = new Map();
  for (const name of store.list('index')) {
    const bytes = openDocument(store, bundle, 'index', name);
    let at = 8;
    for (let packs = bytes.readUInt32BE(4); packs > 0; packs -= 1) {
      const pack = bytes.toString('hex', at, at + 16);
      const epoch = bytes.readUInt32BE(at + 16);
      const count = bytes.readUInt32BE(at + 56);
      at += 60;
      for (let number = 0; number < count; number += 1, at += 44) {
        const place = {
          pack,
          epoch,
          number,
          offset: bytes.readUInt32BE(at + 32),
          sealed: bytes.readUInt32BE(at + 36),
          plain: bytes.readUInt32BE(at + 40),
        };
        chunks.set(bytes.toString('hex', at, at + 32), place);
      }
    }
  }
  return chunks;
}

function readChunk(store, bundle, chunks, id) {
  const place = chunks.get(id.toString('hex')) ?? fail(`no pack holds ${id.toString('hex')}`);
  const name = `packs/${place.pack.slice(0, 2)}/${place.pack}`;
  const sealed = whole(store, name).subarray(place.offset, place.offset + place.sealed);
  const key = subkey(bundle, 'pack', name, place.epoch, Buffer.from(place.pack, 'hex'));
  const plain = unpack(segment(key, 'pack', 1, 0, place.number, id, sealed));
  if (!createHmac('sha256', bytesOf(bundle.chunkIdKey)).update(plain).digest().equals(id))
    fail('a chunk is not what its id says');
  if (plain.length !== place.plain) fail('a chunk has another length');
  return plain;
}

/** What a pack's trailer tells: the same list as the index. */
export function readTrailer(store, passphrase, name) {
  const bundle = openBundle(store, passphrase);
  const bytes = whole(store, name);
  const { epoch, salt } = header(bytes, 'pack');
  const length = bytes.readUInt32BE(bytes.length - 36);
  const sealed = bytes.subarray(bytes.length - 36 - length, -36);
  const count = (length - 16 - 4) / 44;
  const plain = segment(subkey(bundle, 'pack', name, epoch, salt), 'pack', 2, 1, count, undefined, sealed);
  return Array.from({ length: plain.readUInt32BE(0) }, (_, i) => plain.toString('hex', 4 + i * 44, 36 + i * 44));
}
