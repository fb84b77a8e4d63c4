import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { makeStore } from '../../src/operations/testing/workspace.ts';
import { Place } from '../support/lifeboat.ts';
import { Served } from '../support/served.ts';

/** Where Debian has it. */
const program = '/usr/bin/chromium';
export const hasBrowser = existsSync(program);
export const whyNot = hasBrowser ? '' : ' (Chromium is not installed)';

const plan = `
lifeboat: 1
plan: harbour
owner: duty@harbour.example
timezone: Europe/Berlin
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 15m, rpo: 1h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: safe }
  far: { type: fs, path: ./far, domain: there }
policies:
  hourly: { every: 1h, to: [near], copy: { to: [far], within: 2h }, keep: { hourly: 48h, daily: 30d, atLeast: 3 } }
assets:
  letters: { type: files, path: ./letters, domain: here, policy: hourly }
  charts: { type: files, path: ./charts, domain: here, policy: hourly }
services: { post: { needs: [letters] }, pilots: { needs: [charts, letters] } }
contacts: { lead: { role: platform_lead }, duty: { role: on_call } }
environments:
  office: { protected: true }
  bubble: { ephemeral: true }
scenarios:
  harbour_lost:
    trigger: the harbour is flooded
    loses: { domains: [here] }
    severity: P1
    objectives: { rto: 15m, rpo: 1h }
    steps:
      - { id: letters, restore: letters, into: new, budget: 2m }
      - { id: charts, restore: charts, into: new, budget: 2m }
      - { id: consent, approve: { by: [platform_lead] }, budget: 5m }
      - { id: looks_right, check: { asset: letters, of: "\${steps.letters.url}" }, budget: 1m }
severities: { P1: { respond: 15m } }
drills:
  weekly: { scenario: harbour_lost, every: saturday at 06:00, in: bubble, expect: { rto: 15m } }
`;

export const password = 'a harbour without any wind';

/** A real `lifeboat serve` over a plan with points of two assets in two stores, with accounts: `ada` (lead) and `grace` (duty), both admins. */
export class Scene {
  readonly place: Place;
  served: Served;
  url = '';

  private constructor(place: Place) {
    this.place = place;
    this.served = new Served(place, []);
  }

  static async open(): Promise<Scene> {
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    const place = await Place.make(plan);
    for (const folder of ['letters', 'charts', 'far']) await mkdir(place.path(folder));
    await writeFile(place.path('letters', 'one.txt'), 'what must survive');
    await writeFile(place.path('charts', 'bay.txt'), 'shallow '.repeat(9_000));
    await makeStore(place.path('near'));
    const scene = new Scene(place);
    await scene.#isUp();
    return scene;
  }

  /** The code for the first account, as it was said on the terminal. */
  async setUpCode(): Promise<string> {
    const line = await this.served.until(({ event }) => event === 'set_up');
    return (line as unknown as { code: string }).code;
  }

  /** The same server at the same place, after `end`. */
  async again(): Promise<void> {
    this.served = new Served(this.place, ['--listen', new URL(this.url).host]);
    await this.#isUp();
  }

  async close(): Promise<void> {
    await this.served.end('SIGTERM');
    await this.place.remove();
  }

  async #isUp(): Promise<void> {
    this.url = (await this.served.said('listening')).url ?? '';
    for (const asset of ['letters', 'charts']) await this.served.done(`backup ${asset}`).catch(() => undefined);
  }
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export const desktop: BrowserContextOptions = { viewport: { width: 1360, height: 900 }, locale: 'en-GB' };
export const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  locale: 'en-GB',
};

export async function signIn(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Readiness' }).waitFor();
}

/** By the page that is shown where there is no account yet. */
export async function makeFirst(page: Page, url: string, code: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Code').fill(code);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('Contact').fill('duty');
  await page.getByRole('button', { name: 'Make the account' }).click();
  await page.getByRole('heading', { level: 1, name: 'Readiness' }).waitFor();
}

/** Another admin, made by who is signed in on the page. */
export async function addAccount(page: Page, of: { name: string; contact: string }): Promise<void> {
  const status = await page.evaluate(
    async (account) => {
      const { csrf } = (await (await fetch('/api/v1/session')).json()) as { csrf: string };
      const headers = { 'content-type': 'application/json', 'lifeboat-csrf': csrf };
      const body = JSON.stringify(account);
      return (await fetch('/api/v1/accounts', { method: 'POST', headers, body })).status;
    },
    { ...of, role: 'admin', password },
  );
  if (status >= 300) throw new Error(`the account was not made: ${status}`);
}
