import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeProcedure, resumeRun, rollbackRun, runProcedure } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { resumeInterrupted } from '../../testing/interrupted.ts';

/** A cloud in a folder: it has buckets, says in JSON what they are, and may be away. */
const cloud = `#!/bin/sh
here=$(dirname "$0"); echo "$*" >> "$here/calls"
test -e "$here/away" && { echo "Unable to locate credentials" >&2; exit 253; }
case $1 in
  look) test -e "$here/$2" || { echo "An error occurred (NoSuchBucket): $2" >&2; exit 254; }
    printf '{ "Name": "%s", "Versioning": "%s" }' "$2" "$(cat "$here/$2")" ;;
  make) test -e "$here/$2" && { echo "BucketAlreadyOwnedByYou" >&2; exit 254; }; echo Off > "$here/$2" ;;
  order) test -e "$here/$2" && { echo "BucketAlreadyOwnedByYou" >&2; exit 254; }; echo Creating > "$here/$2"
    (while test -e "$0" -a ! -e "$here/ready"; do sleep 0.05; done; test ! -e "$0" || echo Enabled > "$here/$2") > "$here/maker" 2>&1 & ;;
  version) echo Enabled > "$here/$2" ;;
  delete) rm "$here/$2" ;;
esac
`;

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
  writeFileSync(inBench('cloud'), cloud);
  chmodSync(inBench('cloud'), 0o755);
});
afterEach(() => bench.close());

const inBench = (name: string): string => join(bench.folder, name);
const calls = (): string[] =>
  existsSync(inBench('calls'))
    ? readFileSync(inBench('calls'), 'utf8')
        .trim()
        .split('\n')
        .filter((one) => !one.startsWith('look'))
    : [];
const bucket = (more: Record<string, unknown> = {}) =>
  stepOf('act', 'provision', {
    what: 'a bucket with versions',
    by: 'cloud',
    look: [inBench('cloud'), 'look', 'bucket'],
    expect: 'answer.Versioning == "Enabled"',
    absent: 'NoSuchBucket',
    make: [
      [inBench('cloud'), 'make', 'bucket'],
      [inBench('cloud'), 'version', 'bucket'],
    ],
    undo: [inBench('cloud'), 'delete', 'bucket'],
    ...more,
  });
const told = async (step = bucket()) =>
  (
    await describeProcedure({
      scenario: scenarioOf(step),
      environment: bench.environment,
      tools: bench.tools,
      incident: brokeNow(),
    })
  )[0];
const rollback = (run: string) =>
  rollbackRun({ run, environment: bench.environment, tools: bench.tools, by: { as: undefined, user: 'operator' } });

describe('provision by the program of a cloud', () => {
  it('makes what the program says is not there, is done when it says that it is, and gives what it answered', async () => {
    expect(await told()).toMatchObject({ certainty: 'predicted', text: expect.stringContaining('NoSuchBucket') });
    const { steps } = await act(bench, bucket());
    expect(steps[0]).toMatchObject({ state: 'done', outputs: { Name: 'bucket', Versioning: 'Enabled' } });
    expect(calls()).toEqual(['make bucket', 'version bucket']);
    expect(await told()).toMatchObject({ certainty: 'proved', text: expect.stringContaining('nothing is made') });
    expect((await act(bench, bucket())).steps[0]?.summary).toContain('it was there');
    expect(calls()).toHaveLength(2);
  });

  it('makes nothing on an answer that is none: credentials that are missing do not say that a bucket is', async () => {
    writeFileSync(inBench('away'), '');
    expect(await told()).toMatchObject({ certainty: 'unknown' });
    expect((await act(bench, bucket())).steps[0]).toMatchObject({
      state: 'failed',
      code: 'target.unreachable',
      summary: expect.stringContaining('Unable to locate credentials'),
    });
    expect(calls()).toEqual([]);
  });

  it('makes nothing on an answer that its expect does not fit', async () => {
    writeFileSync(inBench('bucket'), 'Off');
    const other = bucket({ expect: 'answer.State == "Enabled"' });
    expect(await told(other)).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('State') });
    expect((await act(bench, other)).steps[0]).toMatchObject({ code: 'target.unreachable' });
    expect(calls()).toEqual([]);
  });

  it('is not done by a program that was content: what it made is looked at', async () => {
    const half = bucket({ make: [inBench('cloud'), 'make', 'bucket'] });
    const { steps } = await act(bench, { ...half, timeoutMs: 1_500 });
    expect(steps[0]).toMatchObject({ state: 'failed' });
    expect(readFileSync(inBench('bucket'), 'utf8').trim()).toBe('Off');
  });

  it('is taken back by its own undo, and what was there before is left alone', async () => {
    const made = await act(bench, bucket());
    expect((await rollback(made.run)).steps).toMatchObject([{ id: 'undo_act', state: 'done' }]);
    expect(existsSync(inBench('bucket'))).toBe(false);
    writeFileSync(inBench('bucket'), 'Enabled');
    const found = await act(bench, bucket());
    expect((await rollback(found.run)).verdict).toBe('done');
    expect(existsSync(inBench('bucket'))).toBe(true);
  });

  it('that made a part of it and failed is taken back, and is not proved taken back while that part is there', async () => {
    const half = (undo: readonly string[]) => bucket({ make: [[inBench('cloud'), 'make', 'bucket'], ['false']], undo });
    const kept = await act(bench, half(['true']));
    expect(kept.steps[0]).toMatchObject({ state: 'failed', code: 'target.refused' });
    const back = await rollback(kept.run);
    expect(back.steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('still there') });
    // Gone on with it looks first, and what is there is no proof that it went.
    const { environment, tools } = bench;
    expect((await resumeRun({ run: back.run, environment, tools })).verdict).toBe('failed');
    rmSync(inBench('bucket'));
    const made = await act(bench, half([inBench('cloud'), 'delete', 'bucket']));
    expect((await rollback(made.run)).steps[0]).toMatchObject({ state: 'done' });
    expect(existsSync(inBench('bucket'))).toBe(false);
  });

  it('that made nothing, because it was not allowed to, has nothing to take back', async () => {
    const refused = await act(bench, bucket({ make: ['false'] }));
    expect((await rollback(refused.run)).steps).toMatchObject([{ state: 'done' }]);
    expect(calls()).toEqual([]);
  });

  it('that finds it there at its second look makes nothing, and takes nothing back', async () => {
    writeFileSync(inBench('bucket'), 'Enabled');
    const look = [
      'sh',
      '-c',
      'test -e "$0/looked" && exec "$0/cloud" look bucket; touch "$0/looked"; exit 1',
      bench.folder,
    ];
    const found = await act(bench, bucket({ look }));
    expect([found.steps[0]?.state, calls()]).toEqual(['done', []]);
    expect((await rollback(found.run)).verdict).toBe('done');
    expect(existsSync(inBench('bucket'))).toBe(true);
  });

  describe('that takes its time', () => {
    const slow = (more: Record<string, unknown> = {}) =>
      bucket({ make: [inBench('cloud'), 'order', 'bucket'], ...more });
    beforeEach(() => {
      const workspace = { ...bench.workspace, clock: fastClock(50) };
      bench = { ...bench, workspace, tools: { ...bench.tools, workspace } };
    });
    // What goes on in the cloud ends with the test.
    afterEach(() => writeFileSync(inBench('ready'), ''));
    const looks = (): number =>
      readFileSync(inBench('calls'), 'utf8')
        .split('\n')
        .filter((one) => one.startsWith('look')).length;

    it('is waited for as long as its step may take, and not for ten seconds', async () => {
      const running = act(bench, slow());
      while (!existsSync(inBench('calls')) || looks() < 16) await bench.workspace.clock.sleep(1_000);
      writeFileSync(inBench('ready'), '');
      expect((await running).steps[0]).toMatchObject({ state: 'done', outputs: { Versioning: 'Enabled' } });
      expect(calls()).toEqual(['order bucket']);
    });

    it('fails at once where the plan says by what one sees that it never comes', async () => {
      const never = slow({ failed: 'answer.Versioning == "Creating"' });
      expect((await act(bench, never)).steps[0]).toMatchObject({
        state: 'failed',
        code: 'provision.unproved',
        summary: expect.stringContaining('never'),
      });
    });

    it('is ordered once: gone on with after a crash the step waits for what was ordered', async () => {
      writeFileSync(inBench('bucket'), 'Creating');
      for (const remembered of [
        { made: true, wasAbsent: true },
        { made: true, wasAbsent: true, called: 1 },
      ]) {
        const resumed = resumeInterrupted(bench, slow(), remembered);
        const before = existsSync(inBench('calls')) ? looks() : 0;
        while (!existsSync(inBench('calls')) || looks() < before + 4) await bench.workspace.clock.sleep(500);
        writeFileSync(inBench('bucket'), 'Enabled');
        expect((await resumed).steps[0]).toMatchObject({ state: 'done' });
        writeFileSync(inBench('bucket'), 'Creating');
      }
      expect(calls()).toEqual([]);
    });

    it('goes on behind the calls that were content when its runner died between two of them', async () => {
      writeFileSync(inBench('bucket'), 'Off');
      const resumed = await resumeInterrupted(bench, bucket(), { made: true, wasAbsent: true, called: 1 });
      expect(resumed.steps[0]).toMatchObject({ state: 'done' });
      expect(calls()).toEqual(['version bucket']);
    });
  });

  it('killed after it was made it is found done, before that it is made', async () => {
    writeFileSync(inBench('bucket'), 'Enabled');
    expect((await resumeInterrupted(bench, bucket(), { made: true })).steps[0]).toMatchObject({
      state: 'done',
      attempts: 1,
    });
    rmSync(inBench('bucket'));
    expect((await resumeInterrupted(bench, bucket(), { made: true })).steps[0]).toMatchObject({
      state: 'done',
      attempts: 2,
    });
  });

  it('in a drill reaches no cloud, and the evidence says so', async () => {
    const { steps } = await runProcedure({
      scenario: scenarioOf(bucket()),
      environment: { ...bench.environment, ephemeral: true },
      mode: 'drill',
      tools: bench.tools,
      incident: brokeNow(),
    });
    expect(steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringContaining('not exercised') });
    expect(existsSync(inBench('calls'))).toBe(false);
  });
});
