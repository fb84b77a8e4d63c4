/** A drill that kills its own process with SIGKILL while a program runs in its bubble. Started by the tests: FOLDER */
import { join } from 'node:path';
import { systemClock } from '../../core/index.ts';
import { scenarioOf, stepOf } from '../../procedures/testing/bench.ts';
import { runDrill } from '../index.ts';
import { drillOf, makeShelf } from './shelf.ts';

const folder = process.argv[2] ?? '';
const shelf = makeShelf({ folder });
shelf.put(systemClock.now() - 5000);
await shelf.takePoint(systemClock.now() - 3000);
const scenario = scenarioOf(
  stepOf('bring_back', 'restore', 'shelf'),
  stepOf('stay', 'exec', ['sh', '-c', 'echo $$ > "$0"; exec sleep 60', join(folder, 'pid')]),
);
const plan = { ...shelf.tools.workspace.plan, scenarios: new Map([[scenario.name, scenario]]) };
const tools = { ...shelf.tools, workspace: { ...shelf.tools.workspace, plan } };
void systemClock.sleep(1000).then(() => process.kill(process.pid, 'SIGKILL'));
await runDrill({ drill: drillOf({ scenario: scenario.name, restore: undefined }), tools });
