import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProcesses, limits, Secret, systemClock } from '../../../core/index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';

describe('exec in a container whose tool (a stand-in) does not do as it should', () => {
  let bench: Bench;
  const path = process.env['PATH'];
  beforeEach(() => {
    bench = actingBench({});
    mkdirSync(join(bench.folder, 'bin'));
    process.env['PATH'] = [join(bench.folder, 'bin'), path].join(delimiter);
  });
  afterEach(() => {
    process.env['PATH'] = path;
    bench.close();
  });

  const standIn = (name: string, ...lines: readonly string[]): void => {
    const file = join(bench.folder, 'bin', name);
    writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(file, 0o755);
  };
  /** It enters, and does not let in who ends things. */
  const silent = [
    'case "$*" in *--privileged*|*"--user 0"*) ;; exec*) exec sh ;; esac',
    'echo "the daemon does not answer" >&2; exit 1',
  ] as const;
  const there = (run: readonly string[], more: Record<string, unknown> = {}) => {
    const step = stepOf('act', 'exec', { run, container: { name: 'shop' }, ...more });
    return act(bench, { ...step, retry: { times: 2, pauseMs: 10 } });
  };

  it('falls silent: people are asked whether it still acts, and no retry begins beside it', async () => {
    standIn('docker', ...silent);
    const asked = await there(['sleep', '300'], { timeout: '1s' });
    expect(asked).toMatchObject({ verdict: 'needs-human', steps: [{ attempts: 1 }] });
    expect(asked.questions[0]?.question).toMatch(/may go on there.*Does it still act/);
  });

  it('knows a filter as a part of the name only: what runs there is not called ended', async () => {
    const list = [
      'if test "$1" = container; then',
      '  for word; do case $word in name=*) name=${word#name=} ;; esac; done',
      '  case shop in *"$name"*) echo "shop Up" ;; esac',
      '  exit 0',
      'fi',
    ];
    standIn('nerdctl', ...list, ...silent);
    const asked = await there(['sleep', '300'], { timeout: '1s', container: { name: 'shop', by: 'nerdctl' } });
    expect(asked).toMatchObject({ verdict: 'needs-human', steps: [{ attempts: 1 }] });
  });

  it('breaks before anybody heard that something began there: then nothing has', async () => {
    standIn('docker', 'exec 3<&0', 'sh <&3 >/dev/null 2>&1 &', 'echo "connection reset" >&2', 'exit 1');
    const ran = join(bench.folder, 'ran');
    const failed = await there(['touch', ran]);
    expect(failed.steps[0]).toMatchObject({ code: 'target.unreachable', attempts: 3 });
    const isLeft = async () => (await findProcesses(({ mark }) => mark === `${failed.run}/act`)) ?? [];
    while ((await isLeft()).length > 0) await systemClock.sleep(20);
    expect(existsSync(ran)).toBe(false);
  });

  it('passes on more than is kept: a secret across the cut is not told by its second half', async () => {
    standIn('docker', 'exec sh');
    const secret = new Secret('a-secret-of-two-halves');
    // With it the lines are ten characters more than is kept.
    const rest = limits.outputTailBytes - 13;
    const lines = Array.from({ length: Math.floor(rest / 1000) }, () => 'x'.repeat(999));
    const last = 'x'.repeat((rest % 1000) - 1);
    const words = ['printf', '%s\\n', secret.reveal(), ...lines, last];
    const done = await there(words);
    const said = String(done.steps[0]?.outputs['stdout']);
    expect([said.slice(-20), said.includes('halves')]).toEqual(['x'.repeat(20), false]);
  });
});
