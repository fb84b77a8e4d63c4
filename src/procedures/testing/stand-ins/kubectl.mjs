#!/usr/bin/env node
// A stand-in for kubectl: see stand-in.mjs. Files hold one object each, as JSON; a deployment becomes ready at the second look.
import { readFileSync } from 'node:fs';
import { fail, flag, keep, note, say, words, world } from './stand-in.mjs';

note('kubectl');
const [verb] = words;
const files = words.flatMap((word, index) => (words[index - 1] === '-f' ? [word] : []));
const wanted = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
const nameOf = ({ kind, metadata }) => `${kind}.${metadata.name}`;
const objects = (world.kubectl ??= {});
if (world.kubectlAway === true) fail('Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout');
if (verb === 'diff') {
  const other = wanted.filter((one) => JSON.stringify(objects[nameOf(one)]?.written) !== JSON.stringify(one));
  for (const one of other) {
    const file = `apps.v1.${one.kind}.shop.${one.metadata.name}`;
    say(`diff -u -N /tmp/LIVE-123/${file} /tmp/MERGED-456/${file}\n+  a secret that differs\n`);
  }
  process.exit(other.length === 0 ? 0 : 1);
} else if (verb === 'apply') {
  if (world.kubectlRefuses === true) fail('Error from server (Forbidden): deployments.apps "web" is forbidden');
  for (const one of wanted) objects[nameOf(one)] = { written: one, looks: 0 };
  keep();
  say({ kind: 'List', items: wanted });
} else if (verb === 'get' && words[1] === 'pods') {
  // What was told to end is listed once more.
  const [owner] = Object.values(world.deployments ?? {});
  const listed = world.pods ?? [];
  if (owner?.replicas === 0) world.pods = listed.filter(({ stays }) => stays === true);
  keep();
  const items = listed.map(({ name, node, phase = 'Running' }) => ({
    kind: 'Pod',
    metadata: { name, uid: `uid-of-${name}` },
    spec: { nodeName: node },
    status: { phase },
  }));
  say({ kind: 'List', apiVersion: 'v1', items });
} else if (verb === 'get' && words[1] === 'node') {
  if (world.nodesForbidden === true) fail('Error from server (Forbidden): nodes is forbidden');
  const names = words.slice(2).filter((word) => !word.startsWith('-'));
  const items = names.flatMap((name) => {
    const status = (world.nodes ?? {})[name];
    const conditions = [{ type: 'Ready', status }];
    return status === undefined ? [] : [{ kind: 'Node', metadata: { name }, status: { conditions } }];
  });
  if (items.length > 0) say(items.length === 1 ? items[0] : { kind: 'List', apiVersion: 'v1', items });
} else if (/^(deployment|statefulset)\//.test(words[1] ?? '')) {
  const name = words[1].slice(words[1].indexOf('/') + 1);
  const found = (world.deployments ?? {})[name];
  if (found === undefined) fail(`Error from server (NotFound): deployments.apps "${name}" not found`);
  if (verb === 'patch') {
    if (world.kubectlRefuses === true) fail(`Error from server (Forbidden): deployments.apps "${name}" is forbidden`);
    Object.assign(found, {
      replicas: JSON.parse(flag('patch')).spec.replicas,
      generation: found.generation + 1,
      looks: 0,
    });
  } else if (found.silentOnce === true && found.looks === 1) {
    found.silentOnce = false;
    keep();
    fail('Unable to connect to the server: i/o timeout');
  } else found.looks += 1;
  keep();
  const { replicas, generation, looks, available = replicas } = found;
  const status = {
    observedGeneration: looks > 0 ? generation : generation - 1,
    availableReplicas: looks > 1 ? Math.min(available, replicas) : 0,
    readyReplicas: looks > 1 ? Math.min(available, replicas) : 0,
  };
  const { selector = { matchLabels: { app: name } } } = found;
  say({ kind: 'Deployment', metadata: { name, generation }, spec: { replicas, selector }, status });
} else if (verb === 'get') {
  const items = wanted.flatMap((one) => {
    const found = objects[nameOf(one)];
    if (found === undefined) return [];
    found.looks += 1;
    const ready = found.looks > 1 ? 2 : 1;
    const status = {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: ready,
      availableReplicas: ready,
    };
    return [{ ...found.written, metadata: { ...found.written.metadata, generation: 1 }, status }];
  });
  keep();
  say(items.length === 1 ? items[0] : { apiVersion: 'v1', kind: 'List', items });
} else fail(`error: unknown command "${verb}"`);
