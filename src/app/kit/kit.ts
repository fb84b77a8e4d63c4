import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { isSea } from 'node:sea';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isoTime, LifeboatError, messageOf, ownFolder, redact, syncFolder, type Clock } from '../../core/index.ts';
import {
  checkPlan,
  filesOf,
  lint,
  PlanError,
  runbookHtml,
  runbookMarkdown,
  runbookOf,
  runbookPdf,
  tidyFindings,
  type Plan,
  type PlanDocument,
} from '../../plan/index.ts';
import { openStore } from '../open.ts';
import { registry } from '../registry.ts';
import { toolVersion } from '../version.ts';
import { readMeText } from './read-me.ts';
import { writeTar } from './tar.ts';

export interface KitRequest {
  readonly planFile: string;
  /** A folder to make, or a file to make that ends with `.tar`. */
  readonly to: string;
  /** The one-file program; default: this very program, or the one that `npm run build` made. */
  readonly program?: string | undefined;
  readonly clock: Clock;
}

export interface KitFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What `kit.json` says. */
export interface KitRecord {
  readonly lifeboat: 'kit';
  readonly format: 1;
  readonly plan: string;
  readonly planFile: string;
  readonly planHash: string;
  readonly tool: string;
  readonly made: string;
  readonly platform: string;
  readonly files: readonly KitFile[];
}

export const sumsName = 'SHA256SUMS';
export const recordName = 'kit.json';

/** Gathers all that a recovery needs beside a store and a key; it is there whole or not at all. Throws `input.*`, `plan.*`. */
export async function makeKit(request: KitRequest): Promise<KitRecord> {
  const target = resolve(request.to);
  if (existsSync(target))
    throw new LifeboatError('input.exists', `${target} is there already`, {
      hint: 'A kit is never written over: name another place.',
    });
  const program = programOf(request.program);
  const work = join(dirname(target), `.${basename(target)}.making`);
  await rm(work, { recursive: true, force: true });
  try {
    await mkdir(work, { recursive: true });
    const record = await gather(request, program, work);
    if (target.endsWith('.tar')) await archive(work, record, target);
    else await rename(work, target);
    await syncFolder(dirname(target));
    return record;
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('input.file', `the kit cannot be written: ${messageOf(error)}`, {
      where: target,
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function programOf(named: string | undefined): string {
  const candidates =
    named === undefined
      ? [...(isSea() ? [process.execPath] : []), join(ownFolder(import.meta.url), 'dist', 'lifeboat')]
      : [resolve(named)];
  const found = candidates.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new LifeboatError('input.file', `the program of one file is not at ${candidates.at(-1)}`, {
    hint: 'Make it with `npm run build` (for the system that it shall run on), or name one with --program FILE.',
  });
}

async function gather({ planFile, clock }: KitRequest, program: string, folder: string): Promise<KitRecord> {
  const { plan, findings, document } = await checkPlan(planFile, registry);
  if (plan === undefined) throw new PlanError(planFile, findings);
  const day = isoTime(clock.now()).slice(0, 10);
  const platform = `${process.platform === 'linux' ? 'Linux with glibc and libstdc++ (Debian 11 or newer)' : process.platform} on ${process.arch}`;
  await copyFile(program, join(folder, 'lifeboat'));
  await chmod(join(folder, 'lifeboat'), 0o755);
  const { own, paths } = await copyPlan(document, planFile, folder);
  await writeRunbook(
    { plan, document, findings: tidyFindings([...findings, ...lint(plan, document, clock.now())]), day },
    folder,
  );
  const locations = await locationsOf(plan, clock);
  const readMe = readMeText({ plan, planFile: own, tool: toolVersion(), day, platform, locations });
  await writePlain(join(folder, 'READ-ME-FIRST.txt'), readMe);
  const runbooks = ['md', 'html', 'pdf'].map((ending) => `runbook/${plan.name}.${ending}`);
  const files = await Promise.all(
    ['lifeboat', 'READ-ME-FIRST.txt', ...paths, ...runbooks].map((path) => described(folder, path)),
  );
  const made = isoTime(clock.now());
  const record: KitRecord = {
    lifeboat: 'kit',
    format: 1,
    plan: plan.name,
    planFile: own,
    planHash: plan.hash,
    tool: toolVersion(),
    made,
    platform,
    files,
  };
  await writePlain(join(folder, recordName), `${JSON.stringify(record, null, 2)}\n`);
  const summed = [...files, await described(folder, recordName)];
  await writePlain(join(folder, sumsName), summed.map(({ sha256, path }) => `${sha256}  ${path}\n`).join(''));
  return record;
}

/** The plan with what it includes, standing to each other as they did. */
async function copyPlan(
  document: PlanDocument,
  planFile: string,
  folder: string,
): Promise<{ own: string; paths: string[] }> {
  const files = filesOf(document).map((file) => resolve(file));
  const root = files.map((file) => dirname(file)).reduce(commonFolder);
  const pathOf = (file: string): string => join('plan', relative(root, file));
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    if (redact(text) !== text || /AGE-SECRET-KEY-1[A-Z0-9]/i.test(text)) {
      throw new LifeboatError('plan.invalid', 'a secret stands in the plan: a kit holds none', {
        where: file,
        hint: 'Write where it comes from instead: { env: NAME } or { file: PATH }.',
      });
    }
    await writePlain(join(folder, pathOf(file)), text);
  }
  return { own: pathOf(resolve(planFile)), paths: files.map(pathOf) };
}

function commonFolder(one: string, other: string): string {
  let folder = one;
  while (relative(folder, other).startsWith('..')) folder = dirname(folder);
  return folder;
}

async function writeRunbook(
  {
    plan,
    document,
    findings,
    day,
  }: { plan: Plan; document: PlanDocument; findings: ReturnType<typeof tidyFindings>; day: string },
  folder: string,
): Promise<void> {
  const files = await Promise.all(
    filesOf(document).map(async (file) => ({ file: resolve(file), sha256: hashOf(await readFile(file)) })),
  );
  const runbook = runbookOf({ plan, document, kinds: registry, findings, files, date: day, tool: toolVersion() });
  const base = join(folder, 'runbook', plan.name);
  await writePlain(`${base}.md`, runbookMarkdown(runbook));
  await writePlain(`${base}.html`, runbookHtml(runbook));
  await writePlain(`${base}.pdf`, await runbookPdf(runbook));
}

/** Where each store says that it is; one that cannot be opened now is described by its plan alone. */
async function locationsOf(plan: Plan, clock: Clock): Promise<Map<string, string>> {
  const locations = new Map<string, string>();
  for (const name of plan.stores.keys()) {
    try {
      const store = await openStore(plan, name, clock, false);
      locations.set(name, store.location);
      await store.close();
    } catch (error) {
      if (!(error instanceof LifeboatError)) throw error;
      locations.set(name, 'did not answer when the kit was made; see the plan');
    }
  }
  return locations;
}

async function writePlain(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function described(folder: string, path: string): Promise<KitFile> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(join(folder, path))) hash.update(piece as Buffer);
  return { path, bytes: (await stat(join(folder, path))).size, sha256: hash.digest('hex') };
}

async function archive(folder: string, { plan, made, files }: KitRecord, target: string): Promise<void> {
  const paths = [...files.map(({ path }) => path), recordName, sumsName];
  const entries = await Promise.all(
    paths.map(async (path) => ({
      path: `${plan}-kit/${path}`,
      mode: path === 'lifeboat' ? 0o755 : 0o644,
      modifiedMs: Date.parse(made),
      from: join(folder, path),
      bytes: (await stat(join(folder, path))).size,
    })),
  );
  await writeTar(`${target}.new`, entries);
  await rename(`${target}.new`, target);
}
