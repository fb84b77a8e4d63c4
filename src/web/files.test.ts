import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownText } from '../core/index.ts';
import { withWeb } from './files.ts';

let server: Server;
let base = '';
beforeAll(async () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../scripts/build/web.mjs')]);
  server = createServer(withWeb((_, response) => response.writeHead(418).end('the API')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const filesOf = (): string[] =>
  (JSON.parse(ownText('dist/web/files.json', import.meta.url)) as { files: string[] }).files;

describe('the web interface is given out', () => {
  it('with a policy that lets no inline script, no foreign place and no frame be', async () => {
    for (const path of ['/', '/points?asset=a', '/runs/01kb9c3r8x0000000000000000']) {
      const page = await fetch(base + path);
      expect(page.status).toBe(200);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(page.headers.get('cache-control')).toBe('no-cache');
      const text = await page.text();
      expect(text).toContain('<div id="root">');
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|style=|https?:/);
    }
  });

  it('with assets that never change under their name, and may be kept for ever', async () => {
    const assets = filesOf().filter((name) => name.startsWith('assets/'));
    expect(assets.length).toBeGreaterThan(10);
    for (const name of assets) {
      expect(name).toMatch(/-[\w-]{8}\.(js|css|svg)$/);
      const answer = await fetch(`${base}/${name}`);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      expect(await answer.text()).toBe(ownText(`dist/web/${name}`, import.meta.url));
    }
  });

  it('and nothing beside it: no file of the machine, no path up, and the API stays with who answers it', async () => {
    for (const path of [
      '/assets/none.js',
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/files.json',
      '/.git/config',
    ])
      expect(await fetch(base + path).then(({ status }) => status), path).toBe(404);
    expect(await fetch(`${base}/api/v1/session`).then((answer) => answer.text())).toBe('the API');
    expect(await fetch(base, { method: 'POST' }).then(({ status }) => status)).toBe(418);
    const head = await fetch(base, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('with a shell of at most 100 kB, zipped', () => {
    const page = ownText('dist/web/index.html', import.meta.url);
    const shell = [...page.matchAll(/(?:src|href)="\/?(assets\/[^"]+)"/g)].map(([, name]) => name ?? '');
    expect(shell.length).toBeGreaterThan(1);
    const sizes = shell.map((name) => gzipSync(ownText(`dist/web/${name}`, import.meta.url), { level: 9 }).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100_000);
  });
});
