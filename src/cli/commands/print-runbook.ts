import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isLifeboatError, limits, mustSucceed, plainEnvironment } from '../../core/index.ts';
import { carryPdf, runbookHtml, runbookPdf, type Runbook } from '../../plan/index.ts';

export interface PrintOptions {
  readonly signal: AbortSignal;
  /** Told why the plainer layout is used. */
  readonly say: (text: string) => void;
  /** Names of browsers, the first that is installed prints; default: those of Chromium and its kin. */
  readonly browsers?: readonly string[];
}

/** A PDF as Chromium prints the HTML, where it is installed and works; else in the plainer layout that needs nothing. */
export async function printRunbook(
  runbook: Runbook,
  { signal, say, browsers = known }: PrintOptions,
): Promise<{ bytes: Buffer; by: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-print-'));
  try {
    const page = join(folder, 'runbook.html');
    await writeFile(page, runbookHtml(runbook), { mode: 0o600 });
    for (const browser of browsers) {
      const pdf = await printedBy(browser, page, folder, signal, say);
      if (pdf !== undefined) return { bytes: carryPdf(pdf, runbook.title, runbook.record), by: browser };
    }
    return { bytes: await runbookPdf(runbook), by: 'Lifeboat' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const known = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Undefined when there is no such browser, or it cannot print here. */
async function printedBy(
  browser: string,
  page: string,
  folder: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Buffer | undefined> {
  const pdf = join(folder, 'runbook.pdf');
  try {
    const argv = [
      browser,
      ...flags,
      ...sandbox(),
      `--user-data-dir=${join(folder, 'profile')}`,
      `--print-to-pdf=${pdf}`,
    ];
    await mustSucceed([...argv, pathToFileURL(page).href], {
      cwd: folder,
      env: plainEnvironment({ HOME: folder }),
      signal,
      timeoutMs: limits.printTimeoutMs,
    });
    return await readFile(pdf);
  } catch (error) {
    if (isLifeboatError(error, 'operation.cancelled')) throw error;
    // A missing or broken browser must not keep anybody from a runbook: the next way is tried, and a broken one is told.
    if (!isLifeboatError(error, 'process.missing')) say(`${browser} could not print: another way is used.`);
    return undefined;
  }
}

const flags = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--no-pdf-header-footer',
  '--generate-pdf-document-outline',
];

/** Chromium refuses its sandbox to root; the page holds no script and may load nothing. */
const sandbox = (): string[] => (process.getuid?.() === 0 ? ['--no-sandbox'] : []);
