import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../src/core/index.ts';
import type { Place } from './support/lifeboat.ts';
import { Served } from './support/served.ts';
import { planOf, servedPlace, valueOf } from './support/served-place.ts';

const prometheus = spawnSync('prometheus', ['--version']).status === 0;
const why = prometheus ? '' : ' (Prometheus is not installed)';

let place: Place;
const running: Served[] = [];
const start = (...words: string[]): Served => {
  const served = new Served(place, words);
  running.push(served);
  return served;
};
beforeEach(async () => void (place = await servedPlace()));
afterEach(async () => {
  for (const served of running.splice(0)) await served.end('SIGKILL');
  await place.remove();
});

/** What hears a dead man's switch being asked, until it is told not to. */
async function switchOutside(): Promise<{ beats: () => number; close: () => Promise<unknown> }> {
  let beats = 0;
  const ear = createServer((_, response) => {
    beats += 1;
    response.end();
  });
  await new Promise<void>((resolve) => ear.listen(0, '127.0.0.1', resolve));
  process.env['LB_TEST_BEAT'] = `http://127.0.0.1:${(ear.address() as AddressInfo).port}/secret-path`;
  return {
    beats: () => beats,
    close: () => {
      ear.closeAllConnections();
      return new Promise((resolve) => ear.close(resolve));
    },
  };
}

describe('serve', () => {
  it('takes points by the calendar and copies them, keeps a switch quiet, keeps to a sound plan, ends when it is told to', async () => {
    const outside = await switchOutside();
    const beat = 'tool: { heartbeat: { url: { env: LB_TEST_BEAT }, every: 1s } }';
    await writeFile(place.path('lifeboat.yaml'), planOf(beat));
    const served = start();
    await served.done('copy near to far');
    await served.done('backup docs', served.lines.length);
    const metrics = await served.get('/metrics');
    const labels = '{plan="served",asset="docs",policy="often",store="near"}';
    expect(valueOf(metrics.text, `backup_last_success_timestamp${labels}`)).toBeGreaterThan(Date.now() / 1000 - 60);
    expect(valueOf(metrics.text, `backup_size_bytes${labels}`)).toBe(5);
    const health = await served.get('/healthz');
    expect([health.status, JSON.parse(health.text)]).toMatchObject([200, { ok: true, role: 'keeps the schedule' }]);
    expect(await served.get('/livez')).toEqual(health);

    await expect.poll(outside.beats, { timeout: 30_000 }).toBeGreaterThan(0);
    await outside.close();
    const lost = await served.until(({ words }) => words?.includes('dead man') === true);
    expect(lost.words).toContain('does not hear of us');
    expect(valueOf((await served.get('/metrics')).text, 'lifeboat_heartbeat_last_success')).toBeGreaterThan(0);

    await mkdir(place.path('mail'));
    const two = planOf('', '  mail: { type: files, path: ./mail, domain: here, policy: often }');
    await writeFile(place.path('lifeboat.yaml'), two);
    served.tell('SIGHUP');
    await served.done('backup mail');
    // Half a file, as an editor that is interrupted leaves it.
    await writeFile(place.path('lifeboat.yaml'), two.slice(0, 150));
    served.tell('SIGHUP');
    await served.said('plan_refused');
    await served.done('backup mail', served.lines.length);
    expect(valueOf((await served.get('/metrics')).text, 'lifeboat_plan_refused')).toBe(1);
    await writeFile(place.path('lifeboat.yaml'), planOf());
    const after = served.lines.length;
    served.tell('SIGHUP');
    await served.until(({ words }) => words?.startsWith('the plan has changed') === true, after);
    const then = (await served.get('/metrics')).text;
    expect([valueOf(then, 'lifeboat_plan_refused'), then.includes('mail')]).toEqual([0, false]);

    expect(await served.end('SIGTERM')).toBe(0);
    expect(JSON.parse(served.stdout)).toEqual({ ok: true, left: [] });
    const { json } = await place.run('points', 'docs');
    expect((json['points'] as { stores: string[] }[])[0]?.stores).toEqual(['near', 'far']);
    const said = JSON.stringify(served.lines) + (await readFile(place.path('.lifeboat', 'journal.db'), 'latin1'));
    expect(said).not.toContain('secret-path');
  });

  it('stands by beside one that runs, on this machine and on others, and goes on where that one ended', async () => {
    const first = start();
    await first.done('backup docs');
    const second = start('--takeover', '8s');
    expect((await second.said('standing_by')).words).toContain('serve is already under way');
    expect(JSON.parse((await second.get('/healthz')).text)).toMatchObject({ ok: true, role: 'stands by' });
    await first.end('SIGKILL');
    await second.done('backup docs');
    // Another machine: it shares nothing but the stores.
    const third = start('--state', './elsewhere');
    expect((await third.said('standing_by')).words).toMatch(/serve-\w+ on /);
    expect(third.lines.filter(({ event }) => event === 'began')).toEqual([]);
    const status = await place.run('status', '--state', './third');
    expect(status.json['schedule']).toMatchObject({ kept: 'now' });
    expect(await second.end('SIGTERM')).toBe(0);
    await third.done('backup docs');
    const { text } = await third.get('/metrics');
    // It began as something that was done before, by others.
    expect(valueOf(text, 'lifeboat_task_adopted_timestamp_seconds{plan="served",task="backup docs"')).toBeLessThan(
      valueOf(text, 'lifeboat_start_timestamp_seconds'),
    );
  });

  it.skipIf(!prometheus)(
    `is scraped by a real Prometheus, which takes the rules of the plan and rings for its death${why}`,
    async () => {
      const served = start();
      await served.done('backup docs');
      const { url } = await served.said('listening');
      expect((await place.run('alerts', '--out', 'rules.yml')).exitCode).toBe(0);
      const config = `{ global: { scrape_interval: 1s, evaluation_interval: 1s }, rule_files: [rules.yml],
      scrape_configs: [{ job_name: lifeboat, static_configs: [{ targets: ["${url?.slice('http://'.length)}"] }] }] }`;
      await writeFile(place.path('prometheus.yml'), config);
      const port = await freePort();
      const words = ['--config.file=prometheus.yml', '--storage.tsdb.path=tsdb'];
      const child = spawn('prometheus', [...words, `--web.listen-address=127.0.0.1:${port}`], {
        cwd: place.folder,
        stdio: 'ignore',
      });
      try {
        const ask = async (path: string): Promise<string> =>
          fetch(`http://127.0.0.1:${port}/api/v1/${path}`).then(
            (response) => response.text(),
            () => '', // it has not begun yet
          );
        const points = 'query?query=backup_last_success_timestamp{asset="docs"}>0';
        await expect.poll(() => ask(points), { timeout: 60_000, interval: 200 }).toContain('"store":"near"');
        expect(await ask('rules')).not.toContain('"health":"err"');
        await expect.poll(() => ask('alerts'), { timeout: 60_000, interval: 200 }).not.toContain('LifeboatDown');
        await served.end('SIGKILL');
        await expect.poll(() => ask('alerts'), { timeout: 60_000, interval: 200 }).toContain('LifeboatDown');
      } finally {
        const gone = new Promise((resolve) => child.once('close', resolve));
        child.kill('SIGKILL');
        await gone;
      }
    },
    180_000,
  );

  it('refuses to begin what it cannot: no plan, a wrong address, a hold that is too short', async () => {
    expect((await place.run('serve', '--plan', './none.yaml')).exitCode).toBe(2);
    expect((await place.run('serve', '--listen', 'here')).json).toMatchObject({ error: { code: 'input.flag' } });
    for (const others of ['0.0.0.0:0', '[::]:0', '127.example:0'])
      expect((await place.run('serve', '--listen', others)).json).toMatchObject({ error: { code: 'input.flag' } });
    expect((await place.run('serve', '--tls-cert', './a.pem')).json).toMatchObject({ error: { code: 'input.flag' } });
    expect((await place.run('serve', '--behind', 'a-host')).json).toMatchObject({ error: { code: 'input.flag' } });
    expect((await place.run('serve', '--takeover', '1s')).json).toMatchObject({ error: { code: 'input.flag' } });
  });
});
