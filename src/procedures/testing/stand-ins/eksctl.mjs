#!/usr/bin/env node
// A stand-in for eksctl: see stand-in.mjs. A cluster is made in a file that names nodes `web`.
import { fail, flag, keep, note, say, words, world } from './stand-in.mjs';

note('eksctl');
const [verb, what] = words;
if (world.eksctlSays !== undefined) fail(world.eksctlSays);
const clusters = (world.eksctl ??= {});
if (verb === 'get' && what === 'cluster') {
  const found = clusters[flag('name')];
  if (found === undefined)
    fail(
      `Error: unable to describe control plane "${flag('name')}": operation error EKS: DescribeCluster, ResourceNotFoundException: No cluster found for name: ${flag('name')}.`,
    );
  say([{ Name: flag('name'), Status: found.status, Version: '1.31', Endpoint: 'https://eks.example' }]);
  // Each look brings it on.
  if (found.status === 'CREATING') found.status = 'ACTIVE';
  keep();
} else if (verb === 'get' && what === 'nodegroup') {
  say(
    (clusters[flag('cluster')]?.nodes ?? []).map((Name) => ({
      Cluster: flag('cluster'),
      Name,
      Status: 'ACTIVE',
      Type: 'managed',
    })),
  );
} else if (verb === 'create') {
  if (world.eksctlFails === true) fail('Error: failed to create cluster "main"');
  clusters.main = { status: what === 'cluster' ? 'CREATING' : 'ACTIVE', nodes: ['web'] };
  keep();
  say('2026-11-21 09:00:00 [ℹ]  eksctl version 0.215.0\n');
} else fail(`Error: unknown command "${verb}" for "eksctl"`);
