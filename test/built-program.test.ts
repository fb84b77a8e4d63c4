import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { OwnCheckout } from './support/own-checkout.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-built-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const green = { status: 0, stderr: '' };

describe('the built program', () => {
  it('is what starts, and the sources as soon as one of them was edited', () => {
    const own = new OwnCheckout(join(folder, 'edited'));
    own.edit('first');
    expect(own.said()).toBe('first false\n');
    expect(own.build()).toEqual(green);
    expect(own.said()).toBe('first true\n');
    own.edit('second');
    expect(own.said()).toBe('second false\n');
  });

  it('stays while somebody runs from it, however old it is, and goes when nobody does', async () => {
    const own = new OwnCheckout(join(folder, 'running'));
    own.edit('first');
    own.build();
    const running = own.startWaiting();
    const told = text(running.stdout as NodeJS.ReadableStream);
    await once(running.stdout as NodeJS.ReadableStream, 'data');
    const [first] = own.agedPrograms();
    own.edit('second');
    expect(own.build()).toEqual(green);
    running.stdin?.end();
    await once(running, 'close');
    expect(await told).toContain('first late');
    own.agedPrograms();
    own.edit('third');
    expect(own.build()).toEqual(green);
    expect(existsSync(first ?? '')).toBe(false);
    expect(own.said()).toBe('third true\n');
  });

  it('that a power cut left half written is not started, and is built anew', () => {
    const own = new OwnCheckout(join(folder, 'torn'));
    own.edit('first');
    own.build();
    const [program = ''] = own.agedPrograms();
    // Its name was on the disk, and nothing of what it names.
    truncateSync(join(program, 'main.js'));
    expect(own.said()).toBe('first false\n');
    rmSync(join(program, 'whole'));
    expect(own.said()).toBe('first false\n');
    expect(own.build()).toEqual(green);
    expect(own.said()).toBe('first true\n');
  });

  it('is built by two set-ups at once, and old ones go while both look', async () => {
    const own = new OwnCheckout(join(folder, 'two'));
    own.edit('first');
    own.build();
    own.agedPrograms();
    own.edit('second');
    const ended = [own.startBuild(), own.startBuild()].map(async (build) => (await once(build, 'exit'))[0] as unknown);
    expect(await Promise.all(ended)).toEqual([0, 0]);
    expect(own.said()).toBe('second true\n');
    expect(own.agedPrograms()).toHaveLength(1);
  });
});
