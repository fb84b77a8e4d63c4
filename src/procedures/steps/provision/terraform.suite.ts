import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeProcedure, type RunResult } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, resumeInterrupted } from '../../testing/interrupted.ts';
import { provisionStep } from './index.ts';

const isThere = spawnSync('terraform', ['version'], { encoding: 'utf8' }).status === 0;
const skipped = isThere ? '' : ' (skipped: Terraform is not installed)';

/** Resources of Terraform itself, which need no provider and so no network. */
const moduleOf = (more = ''): string => `
variable "size" {
  type    = number
  default = 1
}
variable "token" { default = "none" }
resource "terraform_data" "cluster" {
  input            = var.size
  ${more}
}
output "size" { value = terraform_data.cluster.output }
output "token" {
  value     = var.token
  sensitive = true
}
`;

/** `whole`: with what costs more calls of the tool than a normal test run has time for. */
export function describeTerraform(whole: boolean): void {
  describe.skipIf(!isThere)(`provision by terraform${skipped}`, () => {
    const rest = whole ? '' : ' (in the long tests)';
    let bench: Bench;
    beforeEach(() => {
      bench = makeBench();
      mkdirSync(join(bench.folder, 'infra'));
      write(moduleOf());
    });
    afterEach(() => bench.close());

    const write = (text: string): void => writeFileSync(join(bench.folder, 'infra', 'main.tf'), text);
    const stepFor = (more: Record<string, unknown> = {}) =>
      stepOf('act', 'provision', { what: 'the cluster', by: 'terraform', folder: 'infra', ...more });
    const provision = (more?: Record<string, unknown>): Promise<RunResult> => act(bench, stepFor(more));
    const told = async () => {
      const environment = bench.environment;
      const scenario = scenarioOf(stepFor());
      return (await describeProcedure({ scenario, environment, tools: bench.tools, incident: brokeNow() }))[0];
    };

    it.runIf(whole)(
      `applies exactly what it planned, gives the outputs, and says that nothing is left to do${rest}`,
      async () => {
        process.env['LB_TEST_TF_TOKEN'] = 'a token that nobody sees';
        const first = await provision({ with: { size: 3, token: { env: 'LB_TEST_TF_TOKEN' } } });
        expect(first.steps[0]).toMatchObject({ state: 'done', outputs: { size: 3 } });
        // A sensitive output is there for later steps, and the journal has it not.
        expect(JSON.stringify(bench.journal.records())).not.toContain('a token that nobody sees');
        const left = readdirSync(bench.folder, { recursive: true }).map(String);
        expect(left.filter((name) => name.endsWith('.tfplan'))).toEqual([]);
        const second = await provision({ with: { size: 3, token: { env: 'LB_TEST_TF_TOKEN' } } });
        expect(second.steps[0]?.summary).toContain('it was there');
        expect(await told()).toMatchObject({
          certainty: 'predicted',
          text: expect.stringContaining('1 changed, 0 removed'),
        });
      },
    );

    it('does not remove or replace anything unless the step says that it may', async () => {
      expect((await provision()).steps[0]).toMatchObject({ state: 'done', outputs: { size: 1 } });
      write(moduleOf('triggers_replace = "new"'));
      expect(await told()).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('would be refused') });
      const { steps } = await provision();
      expect(steps[0]).toMatchObject({
        code: 'provision.removes',
        summary: expect.stringContaining('terraform_data.cluster'),
      });
      if (whole) expect((await provision({ removes: true })).steps[0]?.state).toBe('done');
    });

    it('leaves no plan of a runner that was killed, which holds every secret of the module', async () => {
      const file = join(bench.environment.folder, 'provision', 'act.tfplan');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'secrets');
      const input = inputOf(provisionStep as never, { what: 'it', by: 'terraform', folder: 'infra' }) as never;
      await provisionStep.inspect?.(input, handsOf(bench));
      expect(existsSync(file)).toBe(false);
    });

    it.runIf(whole)(`fails with the words of the tool for a module that is wrong${rest}`, async () => {
      write('resource "terraform_data" "cluster" { input = nothing.at.all }');
      expect((await provision()).steps[0]).toMatchObject({
        state: 'failed',
        summary: expect.stringContaining('terraform'),
      });
      expect(existsSync(join(bench.folder, 'infra', 'terraform.tfstate'))).toBe(false);
    });

    it.runIf(whole)(`killed after it was applied it is found done, before that it is done${rest}`, async () => {
      const before = await resumeInterrupted(bench, stepFor(), {});
      expect(before.steps[0]).toMatchObject({ state: 'done', attempts: 2 });
      const after = await resumeInterrupted(bench, stepFor(), {});
      expect(after.steps[0]).toMatchObject({ state: 'done', attempts: 1, outputs: { size: 1 } });
    });
  });
}
