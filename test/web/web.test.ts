import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cable } from './cable.ts';
import { desktop, hasBrowser, launch, makeFirst, password, phone, Scene, signIn, whyNot } from './scene.ts';

/** All rooms in all looks take a minute on a quiet machine. */
const long = process.env['LIFEBOAT_TEST_LONG'] === '1';
const zoomed: BrowserContextOptions = { ...desktop, viewport: { width: 680, height: 450 }, deviceScaleFactor: 2 };
const looks: readonly { readonly name: string; readonly look: BrowserContextOptions }[] = [
  { name: 'light at a desk', look: { ...desktop, colorScheme: 'light' } },
  { name: 'dark on a phone', look: { ...phone, colorScheme: 'dark' } },
  ...(long
    ? [
        { name: 'dark at a desk', look: { ...desktop, colorScheme: 'dark' as const } },
        { name: 'light on a phone', look: { ...phone, colorScheme: 'light' as const } },
        { name: 'at 200 %, with less motion', look: { ...zoomed, reducedMotion: 'reduce' as const } },
      ]
    : []),
];
/** A machine that is busy with other tests is slow; a condition that never comes is told after this. */
const patienceMs = 90_000;

describe.skipIf(!hasBrowser)(`the web interface of lifeboat serve${whyNot}`, { timeout: 4 * patienceMs }, () => {
  let scene: Scene;
  let cable: Cable;
  let browser: Browser;
  /** Of `grace`, at a desk. */
  let page: Page;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(import.meta.dirname, '../../scripts/build/web.mjs')]);
    [scene, browser] = await Promise.all([Scene.open(), launch()]);
    cable = await Cable.to(scene.url);
    page = await newPage(await browser.newContext(desktop));
  }, 4 * patienceMs);
  afterAll(async () => {
    await browser?.close();
    await cable?.close();
    await scene?.close();
  }, 4 * patienceMs);

  const troubles: string[] = [];

  async function newPage(context: BrowserContext): Promise<Page> {
    const opened = await context.newPage();
    opened.setDefaultTimeout(patienceMs);
    opened.on('pageerror', (error) => troubles.push(error.message));
    opened.on('console', (line) => {
      // A policy that is broken is said here alone. What cannot be loaded while the cable is out is no news.
      if (/Content Security Policy|Trusted/.test(line.text())) troubles.push(line.text());
    });
    return opened;
  }

  it('takes the first account with the code of the terminal, and says of readiness what lifeboat status says', async () => {
    await makeFirst(page, cable.url, await scene.setUpCode(), 'grace');
    const status = await scene.place.run('status');
    const { problems, assets } = status.json as { problems: { about: string; words: string }[]; assets: unknown[] };
    const verdict = page.getByRole('region', { name: 'Verdict' });
    await expect
      .poll(() => verdict.textContent(), { timeout: patienceMs })
      .toContain(`${problems.length} promise${problems.length === 1 ? ' is' : 's are'} not kept`);
    for (const { about, words } of problems) expect(await verdict.textContent()).toContain(`${about}: ${words}`);
    await page.getByRole('heading', { name: `Assets: ${assets.length}` }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
  });

  it('makes an account and a token, whose text is shown once, and says in the audit who did', async () => {
    await page.getByRole('link', { name: 'Accounts' }).click();
    await page.getByRole('button', { name: 'Add an account' }).click();
    const form = page.getByRole('dialog', { name: 'Add an account' });
    await form.getByLabel('Name').fill('Ada');
    await form.getByLabel('Role').selectOption('admin');
    await form.getByLabel('Speaks as').selectOption('lead');
    await form.getByLabel('Password').fill(password);
    await form.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('button', { name: 'Remove ada' }).waitFor();
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByLabel('What it is for').fill('nightly');
    await page.getByRole('button', { name: 'Make it' }).click();
    const token = await page.getByRole('textbox', { name: 'Token nightly' }).inputValue();
    const ask = (): Promise<{ status: number }> =>
      fetch(`${scene.url}/api/v1/readiness`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    expect(await page.content()).not.toContain(token);
    await page.getByRole('button', { name: 'Revoke nightly' }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('revoked').waitFor();
    expect((await ask()).status).toBe(401);
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByLabel('Find a change').fill('nightly');
    const row = page.getByRole('row', { name: /grace admin Make a token/ });
    await row.waitFor();
    expect(await row.textContent()).toContain('nightly as viewer, 90 days');
    // Made, revoked, and the heads of the columns.
    await expect.poll(() => page.getByRole('row').count(), { timeout: patienceMs }).toBe(3);
  });

  it('restores: asset, point, place, what would be done, and then what became of it', async () => {
    await page.goto(cable.url);
    // The first list is one of before the first backup, which a newer one replaces: a key that was pressed upon it is not lost.
    await page.route('**/api/v1/points?*', listOfBefore, { times: 1 });
    // What is said of all of them is of before as well, and says nothing of being renewed: the newer list has it asked again.
    await page.route('**/api/v1/points/reach', reachOfBefore, { times: 1 });
    await page.getByRole('link', { name: 'letters' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Points' }).waitFor();
    await page.getByRole('slider', { name: 'Points in time' }).press('End');
    await page.getByText('everything would be lost').waitFor({ state: 'detached', timeout: 10_000 });
    await page.getByRole('combobox', { name: 'Asset' }).getByText('letters (1 point)').waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Restore this point' }).click();
    await page.getByLabel('A place that does not exist yet').fill('back-again');
    await page.getByRole('button', { name: 'Show what would be done' }).click();
    const shown = page.getByRole('region', { name: '4. What would be done' });
    await shown.getByText('nothing', { exact: true }).waitFor(); // is overwritten
    const target = (await shown.locator('dd code').last().textContent()) ?? '';
    expect(target).toMatch(/back-again$/);
    // The connection is lost in the middle: nothing began, what was asked for stands, and can be pressed again.
    cable.pullOut();
    await shown.getByRole('button', { name: 'Restore letters now' }).click();
    await shown.getByRole('alert').getByText('the server does not answer').waitFor();
    cable.putIn();
    await page.getByText('live', { exact: true }).waitFor();
    await shown.getByRole('button', { name: 'Restore letters now' }).click();
    await page.getByRole('heading', { level: 1, name: 'Restore of letters' }).waitFor();
    await page.getByRole('main').getByText('done', { exact: false }).first().waitFor();
    expect(readFileSync(join(target, 'one.txt'), 'utf8')).toBe('what must survive');
  });

  it('rehearses, shows the run as it goes, and what it proved', async () => {
    await page.getByRole('link', { name: 'Drills' }).click();
    await page.getByText('It never took place.').waitFor();
    await page.getByRole('button', { name: 'Drill now' }).click();
    await page.getByRole('heading', { level: 1, name: 'weekly' }).waitFor();
    await page.getByRole('link', { name: 'what the drill proved' }).click();
    await page.getByText('PASS', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Where the time went' }).waitFor();
    // On paper there is the report, and nothing to press.
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('heading', { name: 'Criteria' }).isVisible()).toBe(true);
    expect(await page.getByRole('navigation', { name: 'Rooms' }).isVisible()).toBe(false);
    expect(await page.getByRole('button').count()).toBe(0);
    await page.emulateMedia({ media: null });
    await page.getByRole('link', { name: 'Drills' }).click();
    await page.getByRole('img', { name: /^RTO: / }).waitFor();
  });

  it('recovers for real behind a briefing and a typed name, and somebody else consents on a phone', async () => {
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('link', { name: 'Rehearse or recover' }).click();
    await page.getByRole('button', { name: 'Show what would happen' }).click();
    const real = page.getByRole('button', { name: 'Recover harbour_lost for real' });
    await real.waitFor();
    expect(await real.isDisabled()).toBe(true);
    await page.getByLabel(/^Type harbour_lost/).fill('harbour_lost');
    await real.click();
    await page.getByText('waits for a person').first().waitFor();
    expect(await page.locator('.band').textContent()).toContain('REAL');
    const ofAda = await newPage(await browser.newContext(phone));
    await signIn(ofAda, cable.url, 'ada');
    await ofAda.getByRole('link', { name: /harbour_lost waits/ }).click();
    await ofAda.getByRole('button', { name: 'Approve' }).click();
    await ofAda.getByRole('button', { name: /looks_right.*done/ }).waitFor();
    await ofAda.context().close();
    // The desk was told without asking.
    await page.getByRole('button', { name: /looks_right.*done/ }).waitFor();
    await page.getByText('No recovery is under way').waitFor();
  });

  it('says that what it shows is old while the connection is lost, and is fresh again by itself', async () => {
    await page.getByRole('link', { name: 'Points' }).click();
    const many = page.getByRole('heading', { name: /^\d+ points?$/ });
    const before = Number.parseInt((await many.textContent()) ?? '', 10);
    cable.pullOut();
    await page.getByText(/^reconnecting, shown as of \d\d:\d\d:\d\d$/).waitFor();
    await page.getByText(/Everything below is shown as of/).waitFor();
    expect(Number.parseInt((await many.textContent()) ?? '', 10)).toBe(before);
    expect(await scene.place.run('backup', 'letters')).toMatchObject({ exitCode: 0 });
    cable.putIn();
    await page.getByText('live', { exact: true }).waitFor();
    await expect
      .poll(async () => Number.parseInt((await many.textContent()) ?? '', 10), { timeout: patienceMs })
      .toBe(before + 1);
    expect(await page.getByText(/Everything below is shown as of/).count()).toBe(0);
  });

  it('goes everywhere by keys', async () => {
    await page.locator('body').press('Escape');
    for (const [key, name] of [
      ['l', 'Plan'],
      ['s', 'Stores and keys'],
      ['a', 'Accounts'],
      ['u', 'Audit'],
      ['h', 'Readiness'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.getByRole('heading', { level: 1, name }).waitFor();
    }
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    await page.getByRole('heading', { level: 1, name: /promise/ }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { level: 1, name: 'Readiness' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'hidden' });
    await page.getByRole('searchbox', { name: 'Find an asset' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('chart');
    await page.getByRole('heading', { name: 'Assets: 1 of 2' }).waitFor();
  });

  it.each(looks)('has nothing serious for axe in its rooms, nor anything too wide, $name', async ({ name, look }) => {
    const run = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/runs?limit=10');
      const { runs } = (await answer.json()) as { runs: { run: string; mode: string }[] };
      return {
        drill: runs.find(({ mode }) => mode === 'drill')?.run,
        real: runs.find(({ mode }) => mode === 'real')?.run,
      };
    });
    const few = ['/', `/runs/${run.real}`, '/plan'];
    const others = ['/points', '/restore?asset=letters', '/runs', '/runs/start', '/drills', `/drills/${run.drill}`];
    const rooms = long ? [...few, ...others, '/stores', '/people', '/audit', '/wall', '/nowhere'] : few;
    const context = await browser.newContext({ ...look, storageState: await page.context().storageState() });
    const shown = await newPage(context);
    for (const room of rooms) {
      await shown.goto(cable.url + room);
      await shown.locator('h1').waitFor();
      await expect.poll(() => shown.locator('.pulse').count(), { timeout: patienceMs }).toBe(0);
      const { violations } = await new AxeBuilder({ page: shown }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect({ room, name, serious: serious.map(briefly) }).toMatchObject({ serious: [] });
      // A phone makes its window as wide as what is too wide for it.
      const wide = await shown.evaluate<number>('document.documentElement.scrollWidth');
      const tooWide = wide - (look.viewport?.width ?? 0);
      expect({ room, name, tooWide }).toMatchObject({ tooWide: expect.toSatisfy((over: number) => over <= 0) });
    }
    await context.close();
  });

  it('did nothing of it against its own policy, and threw nothing', () => {
    expect(troubles).toEqual([]);
  });
});

/** The list of points as the server gave it when there was none, and was asking its stores anew. */
const listOfBefore = (route: Route): Promise<void> =>
  answered<Record<string, unknown>>(route, (list) => ({ ...list, renewing: true, total: 0, points: [], next: null }));

const reachOfBefore = (route: Route): Promise<void> =>
  answered<{ assets: Record<string, unknown>[] }>(route, ({ assets }) => ({
    at: '2020-01-01T00:00:00.000Z',
    renewing: false,
    assets: assets.map((asset) => ({ ...asset, points: 0, oldestAt: null, newestAt: null })),
  }));

/** With other words than the server's, and so without the tag by which the page would ask whether they still hold. */
async function answered<T>(route: Route, change: (answer: T) => object): Promise<void> {
  const response = await route.fetch();
  const { etag: _, ...headers } = response.headers();
  await route.fulfill({ response, headers, json: change((await response.json()) as T) });
}

const briefly = ({ id, nodes }: { id: string; nodes: { html: string; failureSummary?: string }[] }): string =>
  `${id}: ${nodes
    .slice(0, 3)
    .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ''}`)
    .join(' | ')}`;
