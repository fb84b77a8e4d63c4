import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import { drillPage, type Evidence } from '../reports/index.ts';

/** Writes evidence as JSON and as one page that needs nothing else. Returns both paths. */
export async function writeReport(
  { stateFolder }: Workspace,
  evidence: Evidence,
): Promise<{ evidence: string; page: string }> {
  const folder = join(stateFolder, 'reports');
  await mkdir(folder, { recursive: true });
  const files = { evidence: join(folder, `${evidence.run}.json`), page: join(folder, `${evidence.run}.html`) };
  await writeFileDurably(files.evidence, `${JSON.stringify(evidence, null, 2)}\n`);
  await writeFileDurably(files.page, drillPage(evidence));
  return files;
}
