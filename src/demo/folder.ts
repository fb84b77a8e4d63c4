import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LifeboatError, ownText } from '../core/index.ts';

/** Where everything of one demo is: `floor` is what will be lost, `cellar` the store, `ledgers` the truth. */
export interface DemoFolder {
  readonly root: string;
  readonly planFile: string;
  readonly stateFolder: string;
  readonly floor: string;
  readonly ledgers: string;
}

/** A fresh folder with the example plan `shop.yaml` in it, and a passphrase made for this demo alone. */
export async function layOutDemo(editPlan: (plan: string) => string = (plan) => plan): Promise<DemoFolder> {
  const root = await mkdtemp(join(tmpdir(), 'lifeboat-demo-'));
  // Passable, not listable: a PostgreSQL started by root runs as another user, who must reach its own folder below.
  await chmod(root, 0o711);
  const folder: DemoFolder = {
    root,
    planFile: join(root, 'lifeboat.yaml'),
    stateFolder: join(root, 'state'),
    floor: join(root, 'floor'),
    ledgers: join(root, 'ledgers'),
  };
  await mkdir(folder.floor, { mode: 0o711 });
  await mkdir(folder.ledgers);
  await mkdir(folder.stateFolder, { mode: 0o711 });
  await writeFile(folder.planFile, editPlan(examplePlan()));
  process.env['LIFEBOAT_PASSPHRASE'] = randomBytes(24).toString('base64url');
  return folder;
}

function examplePlan(): string {
  try {
    return ownText('examples/shop.yaml', import.meta.url);
  } catch {
    throw new LifeboatError('input.file', 'the example plan shop.yaml is not part of this installation');
  }
}
