import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerTools, writeReport, type OpenWorkspace } from '../app/index.ts';
import { LifeboatError } from '../core/index.ts';
import { runDrill } from '../drills/index.ts';
import type { RestoreReport } from '../operations/index.ts';
import { drillEvidence } from '../reports/index.ts';
import type { DemoFolder } from './folder.ts';
import { readOrders, readProducts, readUploads } from './proof.ts';
import { startWriter, type Writer, type WriterKind } from './writers.ts';

/** It is open for hours, and each upload stays. */
const quieter = 20;

/** A shop that goes on with what came back, under writes again. */
export interface ReopenedShop {
  close(): Promise<void>;
}

/**
 * Opens the shop again on what was restored: its files stand where the plan looks for them, its database is the restored one, and the writes go on behind
 * the last one that came back. Throws `internal` where something did not come back.
 */
export async function reopenShop(folder: DemoFolder, restored: readonly RestoreReport[]): Promise<ReopenedShop> {
  const [orders, catalog, uploads] = ['orders', 'catalog', 'uploads'].map((asset) => restoredOf(restored, asset));
  const url = orders?.copy?.url ?? '';
  const ledgers = join(folder.ledgers, 'reopened');
  await mkdir(ledgers);
  await mkdir(folder.floor, { recursive: true, mode: 0o711 });
  const places = { orders: url, catalog: join(folder.floor, 'catalog.db'), uploads: join(folder.floor, 'uploads') };
  await cp(String(catalog?.plan.target), places.catalog);
  await cp(String(uploads?.plan.target), places.uploads, { recursive: true });
  process.env['ORDERS_URL'] = url;
  const content = {
    orders: await readOrders(url),
    catalog: readProducts(places.catalog),
    uploads: await readUploads(places.uploads),
  };
  const writers: Writer[] = [];
  for (const [kind, place] of Object.entries(places) as [WriterKind, string][]) {
    const last = [...content[kind].keys()].reduce((most, one) => Math.max(most, one), 0);
    writers.push(await startWriter(kind, place, ledgers, last + 1, quieter));
  }
  return { close: async () => void (await Promise.all(writers.map((writer) => writer.stop()))) };
}

/** Rehearses the disaster once, with the points that were taken before it, so that there is a report to read. */
export async function rehearse(workspace: OpenWorkspace, signal: AbortSignal): Promise<void> {
  for (const drill of workspace.plan.drills.values()) {
    const { run } = await runDrill({ drill, tools: runnerTools(workspace), signal });
    await writeReport(workspace, drillEvidence(workspace.journal.records({ run })));
  }
}

function restoredOf(restored: readonly RestoreReport[], asset: string): RestoreReport {
  const report = restored.find(({ plan }) => plan.request.asset === asset);
  if (report === undefined) throw new LifeboatError('internal', `the demo's ${asset} did not come back`);
  return report;
}
