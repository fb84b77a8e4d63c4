import { tidyFindings, waive, type Finding } from '../../plan/index.ts';
import { askAssets } from './assets.ts';
import { judgeDays } from './days.ts';
import { judgeChannels } from './channels.ts';
import { askDocuments } from './documents.ts';
import { askHistory } from './history.ts';
import { askFailedStreams } from './logs.ts';
import { askMachine } from './machine.ts';
import { askNetwork } from './network.ts';
import { judgePoints } from './points.ts';
import { askPrograms } from './programs.ts';
import { judgeRestores } from './restores.ts';
import { liveRules } from './rules.ts';
import { askSecrets } from './secrets.ts';
import { judgeEpochs } from './place.ts';
import { askStores, judgeRoom, type StoreState } from './stores.ts';
import { World, type LiveRequest } from './world.ts';

/**
 * Holds the plan against the world: sources, stores, keys, secrets, programs, documents, names, certificates, the points that there are.
 * Changes nothing: nothing is written to a source or a store, no message is sent, and nothing is executed but the programs that give
 * secrets. What did not answer in time is a finding, too. Findings come in the order of the file; waived ones are left out.
 * Throws only when it is stopped on request.
 */
export async function checkLive(request: LiveRequest): Promise<Finding[]> {
  const world = new World(request);
  request.progress.phase('asking the world');
  // Secrets first: from then on `redact` knows them, whoever repeats one.
  const secrets = await askSecrets(world);
  const [stores, assets, { history, findings: ofHistory }, ...others] = await Promise.all([
    askStores(world),
    askAssets(world),
    askHistory(world),
    askPrograms(world),
    askDocuments(world),
    askNetwork(world),
  ]);
  const sizes = new Map(assets.flatMap(({ asset, bytes }) => (bytes === undefined ? [] : [[asset, bytes] as const])));
  const found = [
    ...secrets,
    ...stores.flatMap(({ findings }) => findings),
    ...assets.flatMap(({ findings }) => findings),
    ...ofHistory,
    ...others.flat(),
    ...stores.flatMap((store) => judgeRoom(world, store, sizesIn(world, store, sizes))),
    ...judgeEpochs(world, stores),
    ...judgePoints(world, stores, assets, history),
    ...judgeRestores(world, assets, history),
    ...judgeDays(world),
    ...judgeChannels(world, history),
    ...(await askFailedStreams(world, stores)),
    ...(await askMachine(world, assets)),
  ];
  const { plan, document, clock } = request;
  return tidyFindings(waive(plan, document, clock.now(), found, liveRules));
}

/** Of the assets that are kept in this store: a new point of any of them may have to fit. */
function sizesIn(
  { plan }: World,
  { store }: StoreState,
  sizes: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  return new Map(
    [...sizes].filter(([asset]) => {
      const name = plan.assets.get(asset)?.policy;
      const policy = name === undefined ? undefined : plan.policies.get(name);
      return policy === undefined || policy.to.length === 0 || policy.to.includes(store);
    }),
  );
}
