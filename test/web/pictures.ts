// Makes the pictures of the README from a real `lifeboat serve`: node test/web/pictures.ts docs/images
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { addAccount, desktop, launch, makeFirst, phone, Scene } from './scene.ts';

const folder = process.argv[2] ?? 'docs/images';
const wall: BrowserContextOptions = { viewport: { width: 1920, height: 1080 }, locale: 'en-GB' };
mkdirSync(folder, { recursive: true });
const [scene, browser] = await Promise.all([Scene.open(), launch()]);
try {
  const page = await (await browser.newContext({ ...desktop, colorScheme: 'light' })).newPage();
  page.setDefaultTimeout(90_000);
  await makeFirst(page, scene.url, await scene.setUpCode(), 'grace');
  await addAccount(page, { name: 'ada', contact: 'lead' });
  await drill(page);
  const report = new URL(page.url()).pathname;
  for (let day = 1; day <= 9; day += 1) {
    await writeFile(scene.place.path('letters', `letter-${day}.txt`), 'Dear keeper of the light, '.repeat(700 * day));
    await scene.place.run('backup');
    if (day === 5) await scene.place.run('verify', '--all');
  }
  // A quiet day, and then a recovery that is under way.
  await shootAll(page, [
    ['wall-light', wall, 'light', '/wall'],
    ['readiness-light', desktop, 'light', '/'],
    ['readiness-dark', desktop, 'dark', '/'],
    ['readiness-phone', phone, 'light', '/'],
    ['points-light', desktop, 'light', '/points?asset=letters'],
    ['drill-light', desktop, 'light', report],
  ]);
  await recover(page);
  const run = new URL(page.url()).pathname;
  await shootAll(page, [
    ['run-dark', desktop, 'dark', run],
    ['run-phone', phone, 'light', run],
    ['wall-run-dark', wall, 'dark', '/wall'],
  ]);
} finally {
  await browser.close();
  await scene.close();
}

type Shot = readonly [name: string, look: BrowserContextOptions, scheme: 'light' | 'dark', path: string];

async function shootAll(by: Page, shots: readonly Shot[]): Promise<void> {
  for (const [name, look, colorScheme, path] of shots) await shoot(by, name, { ...look, colorScheme }, path);
}

/** As who is signed in on the page sees it. */
async function shoot(by: Page, name: string, look: BrowserContextOptions, path: string): Promise<void> {
  const context = await browser.newContext({ ...look, storageState: await by.context().storageState() });
  const shown = await context.newPage();
  shown.setDefaultTimeout(90_000);
  await shown.goto(scene.url + path);
  await shown.locator('h1').waitFor();
  if (path !== '/wall') {
    await shown.getByText('live', { exact: true }).waitFor();
    await shown.locator('.sheet').first().waitFor();
  }
  await shown.locator('.pulse').waitFor({ state: 'detached' });
  await shown.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
}

async function drill(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Drills' }).click();
  await page.getByRole('button', { name: 'Drill now' }).click();
  await page.getByRole('link', { name: 'what the drill proved' }).click();
  await page.getByText('PASS', { exact: true }).waitFor();
}

async function recover(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Runs' }).click();
  await page.getByRole('link', { name: 'Rehearse or recover' }).click();
  await page.getByRole('button', { name: 'Show what would happen' }).click();
  await page.getByLabel(/^Type harbour_lost/).fill('harbour_lost');
  await page.getByRole('button', { name: 'Recover harbour_lost for real' }).click();
  await page.getByText('waits for a person').first().waitFor();
}
