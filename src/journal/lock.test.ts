import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdLock, isLockHeld } from './index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-lock-'));
  file = join(folder, 'locks', 'backup-shop');
});
afterEach(() => rmSync(folder, { recursive: true }));

const busy = expect.objectContaining({ code: 'operation.busy', retry: 'later' });

describe('a lock', () => {
  it('is held by one at a time, and by the next after it was released, however often', () => {
    const lock = holdLock(file, 'backup of shop');
    expect(() => holdLock(file, 'backup of shop')).toThrow(busy);
    holdLock(`${file}-other`, 'another').release();
    lock.release();
    const next = holdLock(file, 'backup of shop');
    lock.release();
    expect(() => holdLock(file, 'backup of shop')).toThrow(busy);
    next.release();
  });

  it('keeps other processes out, names its holder, and goes with it when it is killed', async () => {
    const child = await holder();
    expect(() => holdLock(file, 'restore')).toThrow(busy);
    expect(() => holdLock(file, 'restore')).toThrow(
      new RegExp(`restore is already under way: child, process ${child.pid}, since 20`),
    );
    child.kill('SIGKILL');
    await once(child, 'close');
    holdLock(file, 'restore').release();
  });

  it('is had by exactly one of several that ask at once', async () => {
    const children = await Promise.all(Array.from({ length: 5 }, () => holder()));
    expect(children.filter(({ exitCode, killed }) => exitCode === null && !killed)).toHaveLength(5);
    const said = children.map((child) => child.said);
    expect(said.filter((word) => word === 'held')).toHaveLength(1);
    expect(said.filter((word) => word === 'operation.busy')).toHaveLength(4);
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map((child) => once(child, 'close')));
  });

  it('is held even if the note of its holder cannot be written', () => {
    mkdirSync(`${file}.holder`, { recursive: true });
    const lock = holdLock(file, 'backup');
    expect(() => holdLock(file, 'backup')).toThrow('another process holds it');
    lock.release();
    holdLock(file, 'backup').release();
  });

  it('says when no lock can be made there', () => {
    writeFileSync(join(folder, 'locks'), 'a file where the folder should be');
    expect(() => holdLock(file, 'backup')).toThrow(expect.objectContaining({ code: 'input.file' }));
  });
});

describe('a look at a lock', () => {
  it('says whether it is held, here or elsewhere, and makes nothing where none ever was', async () => {
    expect(isLockHeld(file)).toBe(false);
    expect(existsSync(join(folder, 'locks'))).toBe(false);
    const lock = holdLock(file, 'backup');
    expect(isLockHeld(file)).toBe(true);
    lock.release();
    expect(isLockHeld(file)).toBe(false);
    const child = await holder();
    expect(isLockHeld(file)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(isLockHeld(file)).toBe(false);
  });

  it('is in nobody’s way: whoever takes the lock while another process looks at it all the time always has it', async () => {
    const child = await looker();
    try {
      for (let taken = 0; taken < 200; taken += 1) holdLock(file, 'backup').release();
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  it('does not take another look for a holder', () => {
    holdLock(file, 'backup').release();
    const other = new DatabaseSync(`${file}.lock`, { readOnly: true });
    other.exec('begin; select count(*) from sqlite_schema');
    expect(isLockHeld(file)).toBe(false);
    other.close();
  });

  it('says when it cannot be looked at', () => {
    mkdirSync(`${file}.lock`, { recursive: true });
    expect(() => isLockHeld(file)).toThrow(expect.objectContaining({ code: 'input.file' }));
  });
});

/** A process that looks at the lock without a pause, until it is killed or a minute is over. */
async function looker() {
  const script = `
    const { isLockHeld } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    process.stdout.write('looking');
    while (performance.now() < 60_000) isLockHeld(${JSON.stringify(file)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

/** A process that tries for the lock, says how it went, and stays. */
async function holder() {
  const script = `
    const { holdLock } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    let said = 'held';
    try { globalThis.lock = holdLock(${JSON.stringify(file)}, 'child'); } catch (error) { said = error.code; }
    process.stdout.write(said);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return Object.assign(child, { said: said.toString() });
}
