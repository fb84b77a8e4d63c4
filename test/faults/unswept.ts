import type { Ground } from './ground.ts';

/** Commands that open no store, with the reason; the sweep looks whether that is so. */
export const storelessCommands: Readonly<Record<string, (ground: Ground) => readonly string[]>> = {
  runbook: () => ['runbook', '--markdown'],
  init: () => ['init', '--plan', 'another.yaml'],
  check: () => ['check'],
  runs: () => ['runs'],
  alerts: () => ['alerts'],
  'accounts list': () => ['accounts', 'list'],
  'tokens create': () => ['tokens', 'create', 'scrape', '--role', 'viewer'],
  'tokens list': () => ['tokens', 'list'],
  'run show': ({ run }) => ['run', 'show', run],
  'keys create': () => ['keys', 'create', '--identity', './identity'],
};

/** Commands that are not swept, with the reason. */
export const unsweptCommands: Readonly<Record<string, string>> = {
  'accounts add': 'it opens no store, and asks for a password; test/accounts.test.ts tries it',
  'accounts change': 'it opens no store, and may ask for a password; test/accounts.test.ts tries it',
  'accounts remove': 'it opens no store, and takes away one row; test/accounts.test.ts tries it',
  'tokens revoke': 'it opens no store, and changes one row; test/accounts.test.ts tries it',
  'run approve': 'it writes one record about a run that asks; src/procedures/people kills runners around it',
  'run choose': 'it writes one record about a run that asks; src/procedures/people kills runners around it',
  'run skip': 'it writes one record about a run that stopped; src/procedures/after tries it',
  'run cancel': 'it writes one record about a run; src/procedures/after tries it on one that is acted on',
  'run pause': 'it writes one record about a run that is acted on; src/procedures/after tries it',
  'run retry': 'it is `run resume` with an answer, which is swept',
  'run rollback': 'it is a run as `recover` is, which is swept; src/procedures/rollback stops and kills it',
  'run attest': 'it writes one record about a run that asks; src/procedures/people kills runners around it',
  'wal push':
    'it needs a log of a server; src/assets/postgres/stream pushes real ones, and src/repository/logs harms what is stored',
  'wal fork': 'it needs a data directory of a server; test/fork-killed.test.ts kills it',
  stream: 'it never ends by itself; src/assets/postgres/stream kills it, its server and its stores',
  serve:
    'it never ends by itself, and does what it does by the operations that are swept; test/serve.test.ts kills it, src/schedule fills its disk',
  'store probe': 'it says what a store does, wrong or right; its faults are made by servers in src/stores/s3',
  'store thaw':
    'it asks a server for copies and changes none; no folder freezes, src/stores/s3 and src/operations/retention/tiers.test.ts ask places that do',
  'restore undo':
    'it needs a data directory of a server; test/in-place.long.test.ts kills it, and restores in place, at many moments',
  standby:
    'it never ends by itself; test/standby.long.test.ts kills it, src/operations/standby/standby.test.ts its server and what it needs in the store',
  worker:
    'it never ends by itself; src/engine kills it, its server and both together, at every record in the long tests',
  'standby promote':
    'it needs a standby of a server; src/operations/standby/standby.test.ts promotes with and without a fence',
  'channel test': 'it opens no store, and sends one message to people; src/app/channel-test.test.ts tries it',
  kit: 'it asks stores where they are and reads nothing in them; test/kit.test.ts makes and breaks kits',
  'keys remove':
    'rotations take keys out in the same way, and are killed at every call in src/repository/keys/rotate-keys.suite.ts',
  'keys share': 'it adds a key as `keys add` does, which is swept; its sheets are tried in test/keys.test.ts',
  'keys combine': 'it opens the stores as `keys list` does, which is swept',
  demo: 'it makes a store of its own, and backs up and recovers by the very operations that are swept',
};
