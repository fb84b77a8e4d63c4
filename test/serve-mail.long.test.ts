import { rename, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startMailServer, type MailBox } from '../src/communications/testing/mail-server.ts';
import type { Place } from './support/lifeboat.ts';
import { Served } from './support/served.ts';
import { planOf, servedPlace } from './support/served-place.ts';

const soon = { timeout: 600_000, interval: 500 };

let place: Place;
let mail: MailBox;
let served: Served | undefined;
beforeEach(async () => {
  place = await servedPlace();
  mail = await startMailServer();
});
afterEach(async () => {
  await served?.end('SIGKILL');
  await mail.close();
  await place.remove();
});

/** Subjects of the mails about it, in the order in which they came. */
const subjects = (): string[] =>
  mail.mails.flatMap(({ raw }) => {
    const subject = /^Subject: (.*(?:\r?\n[ \t].*)*)/m.exec(raw)?.[1]?.replaceAll(/\r?\n[ \t]/g, ' ') ?? '';
    return /docs/.test(subject) ? [subject] : [];
  });

it('a backup that stops is told to people by mail, without any Prometheus, and so is its end, also by a serve that began anew meanwhile', async () => {
  const more = `
contacts: { duty: { role: on_call, email: duty@shop.example } }
channels: { desk: { type: smtp, url: "smtp://127.0.0.1:${mail.port}", from: dr@shop.example, to: [duty] } }
alerts: { docs_old: { kind: freshness, watch: { asset: docs }, olderThan: 20s, for: 0s, priority: critical, says: No copy of the docs, notify: [desk] } }
`;
  await writeFile(place.path('lifeboat.yaml'), planOf(more));
  served = new Served(place, []);
  await served.done('backup docs');
  await rename(place.path('docs'), place.path('gone'));
  await expect.poll(subjects, soon).toEqual([expect.stringContaining('[CRITICAL] served: No copy of the docs')]);
  expect(mail.mails[0]).toMatchObject({ from: 'dr@shop.example', to: ['duty@shop.example'] });
  await served.end('SIGKILL');

  await rename(place.path('gone'), place.path('docs'));
  served = new Served(place, []);
  await served.done('backup docs');
  await expect
    .poll(subjects, soon)
    .toEqual([expect.stringContaining('[CRITICAL] served'), expect.stringContaining('[OVER] served: docs_old')]);
  expect(await served.end('SIGTERM')).toBe(0);
}, 1_800_000);
