import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The image as it was built by packaging/container/Containerfile, run as the guide says: docs/guides/container.md tells how to build one here.

const image = process.env['LIFEBOAT_IMAGE'];
const podman = (...words: string[]) => spawnSync('podman', words, { encoding: 'utf8', timeout: 300_000 });
const reason =
  image === undefined
    ? 'no image is named in LIFEBOAT_IMAGE'
    : podman('image', 'exists', image).status === 0
      ? undefined
      : `podman has no image ${image}`;
const passphrase = 'correct horse battery staple';
const name = `lifeboat-test-${process.pid}`;

const plan = `
lifeboat: 1
plan: contained
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LIFEBOAT_PASSPHRASE }, domain: safe } }
stores: { near: { type: fs, path: /store, domain: there } }
policies: { often: { to: [near], every: 1m } }
assets:
  docs: { type: files, path: /data/docs, domain: here, policy: often }
  shop: { type: sqlite, path: /data/shop.db, domain: here, policy: often }
`;

let folder: string;
/** As the guide says: nothing of the image can be written, and nothing can be done that a plain user may not. */
const asInTheGuide = (): string[] => [
  ...'--read-only --tmpfs /tmp --cap-drop all --security-opt no-new-privileges'.split(' '),
  '--env',
  `LIFEBOAT_PASSPHRASE=${passphrase}`,
  `--volume=${folder}/plan:/plan:ro`,
  ...['state', 'data', 'store', 'restored'].map((one) => `--volume=${folder}/${one}:/${one}`),
];
/** One command in a container of its own. */
const once = (...words: string[]) => podman('run', '--rm', ...asInTheGuide(), String(image), ...words);
const jsonOf = ({ stdout, stderr }: { stdout: string; stderr: string }): Record<string, unknown> => {
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-image-'));
  for (const one of ['plan', 'state', 'data', 'data/docs', 'store', 'restored']) {
    mkdirSync(join(folder, one));
    chmodSync(join(folder, one), 0o777);
  }
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'plan', 'lifeboat.yaml'), plan);
  writeFileSync(join(folder, 'data', 'docs', 'a.txt'), 'kept');
  const shop = new DatabaseSync(join(folder, 'data', 'shop.db'));
  shop.exec('create table orders (id integer primary key); insert into orders values (1), (2), (3)');
  shop.close();
});
afterAll(() => {
  if (reason === undefined) podman('rm', '--force', '--ignore', name);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(reason !== undefined)(`the image${reason === undefined ? '' : ` (${reason})`}`, () => {
  it('says who it is and what it can, without a plan', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(once('--version').stdout.trim()).toBe(version);
    expect(once('--help').stdout).toContain('Usage: lifeboat');
  });

  it('protects and restores as a plain user, with nothing of its own that can be written', () => {
    expect(jsonOf(once('--json', 'check'))).toMatchObject({ ok: true });
    expect(once('store', 'init').status).toBe(0);
    expect((jsonOf(once('--json', 'backup'))['points'] as unknown[]).length).toBe(2);
    expect(once('restore', 'docs', '--to', '/restored/docs').status).toBe(0);
    expect(once('restore', 'shop', '--to', '/restored/shop.db').status).toBe(0);
    expect(readFileSync(join(folder, 'restored', 'docs', 'a.txt'), 'utf8')).toBe('kept');
    const shop = new DatabaseSync(join(folder, 'restored', 'shop.db'), { readOnly: true });
    expect(shop.prepare('select count(*) as n from orders').get()).toEqual({ n: 3 });
    shop.close();
    const touched = podman('run', '--rm', ...asInTheGuide(), '--entrypoint', 'sh', String(image), '-c', 'id -u; >/x');
    expect([touched.stdout.trim(), touched.status]).toEqual(['10001', 2]);
  });

  it('keeps the plan, shows its pages, is asked how it is, buries what was left behind, and ends with 0', async () => {
    const place = `0.0.0.0:${await freePort()}`;
    const begun = podman(
      'run',
      '--detach',
      '--name',
      name,
      '--stop-timeout',
      '90',
      ...asInTheGuide(),
      String(image),
      'serve',
      '--listen',
      place,
      '--without-tls',
    );
    expect(begun.status, begun.stderr).toBe(0);
    const inside = (words: string) => podman('exec', name, 'sh', '-c', words);
    const node = '/lifeboat/node_modules/node-linux-*/bin/node';
    const health = () => inside(`exec ${node} /lifeboat/packaging/container/healthy.mjs ${place}`).status;
    await expect.poll(health, { interval: 200 }).toBe(0);
    const page = inside(
      `exec ${node} -e "fetch('http://${place}/').then(async (r) => console.log(r.status, await r.text()))"`,
    );
    expect(page.stdout).toMatch(/^200 <!doctype html>/i);
    await expect
      .poll(() => jsonOf(podman('exec', name, 'lifeboat', '--json', 'points')), { interval: 500 })
      .toMatchObject({
        points: expect.arrayContaining([expect.objectContaining({ asset: 'shop' })]),
      });
    // What a step starts and leaves becomes a child of the first process, who has to ask how it ended.
    inside('(setsid sleep 0.1 &)');
    const notBuried = () => inside('grep -l "^Name:.sleep" /proc/[0-9]*/status').stdout.trim();
    await expect.poll(notBuried, { interval: 200 }).toBe('');
    expect(podman('stop', name).status).toBe(0);
    expect(podman('inspect', name, '--format', '{{.State.ExitCode}}').stdout.trim()).toBe('0');
    expect(podman('logs', name).stderr + podman('logs', name).stdout).not.toContain(passphrase);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
