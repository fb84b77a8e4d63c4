#!/usr/bin/env node
// A stand-in for Helm 3: see stand-in.mjs.
import { readFileSync } from 'node:fs';
import { fail, keep, note, say, words, world } from './stand-in.mjs';

const [verb] = words;
const piped = words.includes('--values=-') ? readFileSync(0, 'utf8') : undefined;
note('helm', piped === undefined ? {} : { piped });
const name = verb === 'upgrade' ? words[2] : words[1];
const releases = (world.helm ??= {});
const at = () => '2026-11-21T09:00:00Z';
const shown = ({ version, status, description }) => ({
  name,
  info: { first_deployed: at(), last_deployed: at(), deleted: '', description, status },
  version,
  namespace: 'shop',
});
if (verb === 'status') {
  if (releases[name] === undefined) fail('Error: release: not found');
  say(shown(releases[name]));
} else if (verb === 'upgrade') {
  if (world.helmFails === true) fail('Error: UPGRADE FAILED: timed out waiting for the condition');
  const before = releases[name]?.version ?? 0;
  if (world.helmFails === 'half') {
    // As Helm leaves an upgrade that was not ready in time.
    world.helmFails = false;
    releases[name] = { version: before + 1, status: 'failed', description: 'Upgrade failed' };
    keep();
    fail('Error: UPGRADE FAILED: timed out waiting for the condition');
  }
  releases[name] = {
    version: before + 1,
    status: 'deployed',
    description: before === 0 ? 'Install complete' : 'Upgrade complete',
  };
  keep();
  say(shown(releases[name]));
} else if (verb === 'rollback') {
  const { version } = releases[name];
  releases[name] = { version: version + 1, status: 'deployed', description: `Rollback to ${words[2]}` };
  keep();
  say('Rollback was a success! Happy Helming!\n');
} else if (verb === 'uninstall') {
  delete releases[name];
  keep();
  say(`release "${name}" uninstalled\n`);
} else fail(`Error: unknown command "${verb}" for "helm"`);
