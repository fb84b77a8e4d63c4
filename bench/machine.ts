import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { isoTime, systemClock } from '../src/core/index.ts';
import { run } from './measure.ts';
import { litestreamProgram, postgresPrograms } from './packages.ts';
import { program as lifeboat } from './tools/lifeboat.ts';

/** On what the figures were measured. */
export interface Machine {
  readonly at: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly versions: readonly string[];
  /** Other work on the machine makes the figures wrong, not only worse. */
  readonly loadBefore: number;
}

export async function describeMachine(signal: AbortSignal): Promise<Machine> {
  const loadBefore = loadavg()[0] ?? 0;
  const versions = [
    [lifeboat, '--version'],
    [join(postgresPrograms, 'postgres'), '--version'],
    ['pgbackrest', 'version'],
    ['restic', 'version'],
    ['borg', '--version'],
    [litestreamProgram, 'version'],
  ];
  // Some say their version only.
  const names: Readonly<Record<string, string>> = { [lifeboat]: 'Lifeboat ', [litestreamProgram]: 'Litestream ' };
  const found: string[] = [`Node ${process.versions.node}`];
  for (const argv of versions) {
    try {
      const said = (await run(argv, signal)).trim().split('\n')[0] as string;
      found.push(`${names[argv[0] as string] ?? ''}${said}`);
    } catch {
      // Not installed: what is left out for it stands in the results.
    }
  }
  return {
    at: isoTime(systemClock.now()),
    processor: cpus()[0]?.model.trim() ?? arch(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    versions: found,
    loadBefore,
  };
}
