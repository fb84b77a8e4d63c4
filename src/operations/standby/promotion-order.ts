import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FenceAnswer, Promotion } from '../../assets/index.ts';
import { LifeboatError, systemClock, systemCodeOf } from '../../core/index.ts';
import { isLockHeld } from '../../journal/index.ts';
import type { Workspace } from '../contract.ts';

/** That somebody may promote a standby: what proves that the source takes no writes any more. */
export interface PromotionOrder {
  readonly fence: FenceAnswer;
  /** Who was fenced by what, in the words of whoever answers for it; needed where the source itself does not prove it. */
  readonly fencedBy: string | undefined;
}

const lookMs = 200;

/** Whether a process keeps the standby now. Throws `input.file` where that cannot be asked. */
export const isKept = ({ stateFolder }: Pick<Workspace, 'stateFolder'>, asset: string): boolean =>
  isLockHeld(join(stateFolder, 'locks', `standby-${asset}`));

const orderFile = ({ stateFolder }: Workspace, asset: string): string =>
  join(stateFolder, 'standbys', `${asset}.promote`);
const answerFile = ({ stateFolder }: Workspace, asset: string): string =>
  join(stateFolder, 'standbys', `${asset}.promoted`);

/** To the process that keeps the standby; if it ends before it answers, that is said. */
export async function giveOrder(workspace: Workspace, asset: string, signal: AbortSignal): Promise<Promotion> {
  const [order, answer] = [orderFile(workspace, asset), answerFile(workspace, asset)];
  rmSync(answer, { force: true });
  put(order, {});
  try {
    while (!existsSync(answer)) {
      if (!isKept(workspace, asset) && !existsSync(answer)) {
        throw new LifeboatError(
          'run.held',
          `the process that kept the standby of ${asset} ended before it promoted it`,
          {
            hint: 'Run the same again: without such a process the command does it itself.',
          },
        );
      }
      await systemClock.sleep(lookMs, signal);
    }
    return JSON.parse(readFileSync(answer, 'utf8')) as Promotion;
  } finally {
    rmSync(order, { force: true });
    rmSync(answer, { force: true });
  }
}

/** As the process that keeps a standby sees orders. One that was given before it began is of a process that gave up. */
export function openOrder(
  workspace: Workspace,
  asset: string,
): { isGiven(): boolean; done(promotion: Promotion): void } {
  const file = orderFile(workspace, asset);
  rmSync(file, { force: true });
  return {
    isGiven: () => existsSync(file),
    done: (promotion) => {
      if (existsSync(file)) put(answerFile(workspace, asset), promotion);
    },
  };
}

function put(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new LifeboatError('disk.denied', `the standby cannot be told: ${systemCodeOf(error) ?? ''}`, {
      where: file,
      cause: error,
    });
  }
}
