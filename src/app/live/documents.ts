import { constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import type { DocumentDeclaration, Finding } from '../../plan/index.ts';
import { stateOf } from './programs.ts';
import type { World } from './world.ts';

/** Looks for the documents that live beside the plan; those that name a host or an address live elsewhere. */
export async function askDocuments(world: World): Promise<Finding[]> {
  const found = await Promise.all(
    [...world.plan.documents].flatMap(([name, document]) =>
      document.host === undefined && document.url === undefined
        ? document.paths.map((path) => askDocument(world, name, document, path))
        : [],
    ),
  );
  return found.flat();
}

async function askDocument(
  world: World,
  name: string,
  { kind }: DocumentDeclaration,
  path: string,
): Promise<Finding[]> {
  const at = ['documents', name];
  if (/[*?{$]/.test(path)) {
    return [world.found('live.unknown', at, `${path} is a pattern: nobody looked for it`, undefined, 'info')];
  }
  const place = resolve(world.plan.folder, path);
  const answer = await world.ask(path, () => (kind === 'script' ? executable(place) : present(place)));
  if ('error' in answer) return [world.unknown(at, `whether ${path} is there is not known: ${answer.error.message}`)];
  if (answer.value === undefined) return [];
  const hint = 'Put it there, correct the path, or say with host or url where it lives.';
  return [world.found('live.document_missing', at, `${name}: ${path} ${answer.value}`, hint)];
}

async function executable(place: string): Promise<string | undefined> {
  const state = await stateOf(place, constants.X_OK);
  if (state === 'usable') return undefined;
  return state === 'missing' ? 'is not there' : 'may not be executed by this user';
}

async function present(place: string): Promise<string | undefined> {
  try {
    await stat(place);
    return undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return 'is not there';
    throw error;
  }
}
