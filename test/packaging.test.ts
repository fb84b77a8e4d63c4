import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { limits } from '../src/core/index.ts';

const systemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const why = systemd ? '' : ' (systemd is not installed)';
const unit = readFileSync('packaging/systemd/lifeboat.service', 'utf8');
const container = readFileSync('packaging/container/Containerfile', 'utf8');

describe('the systemd unit', () => {
  it.skipIf(!systemd)(`is one that systemd takes without a remark${why}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lifeboat-unit-'));
    // The program need not be installed to judge the rest.
    writeFileSync(join(folder, 'lifeboat.service'), unit.replace('/usr/local/bin/lifeboat', '/bin/true'));
    const judged = spawnSync('systemd-analyze', ['verify', join(folder, 'lifeboat.service')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(judged.stderr.split('\n').filter((line) => line.includes('lifeboat.service'))).toEqual([]);
  });

  it('waits longer for the end than the end may take, as the container does', () => {
    const mostMs = limits.serveStopMs + limits.serveLeaveMs;
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]) * 1000).toBeGreaterThan(mostMs);
    expect(Number(/--stop-timeout (\d+)/.exec(container)?.[1]) * 1000).toBeGreaterThan(mostMs);
  });
});

describe('the container file', () => {
  it('copies what there is, and asks where metrics are told', () => {
    const copied = [...container.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, files]) => files?.split(' ') ?? [],
    );
    expect(copied.length).toBeGreaterThan(4);
    expect(copied.filter((file) => !existsSync(file))).toEqual([]);
    const [, port] = limits.servePlace.split(':');
    expect(container.match(new RegExp(`:${port}\\b`, 'g'))?.length).toBeGreaterThan(2);
  });
});
