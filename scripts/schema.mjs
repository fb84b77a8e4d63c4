// Writes schema/lifeboat.schema.json from the schemas that plans are read with. Run it after a change of the language.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { registry } from '../src/app/registry.ts';
import { writeSchema } from '../src/plan/index.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, 'schema/lifeboat.schema.json');
await writeSchema(registry, file);
const { status } = spawnSync(join(root, 'node_modules/.bin/oxfmt'), [file], { stdio: ['ignore', 'ignore', 'inherit'] });
process.exitCode = status ?? 1;
