import { works, type Sample, type Work } from '../tool.ts';

/** Medians of all runs of one tool at one work. */
export interface Result {
  readonly tool: string;
  readonly work: Work;
  readonly seconds: number;
  readonly secondsMin: number;
  readonly secondsMax: number;
  readonly runs: number;
  readonly cpuSeconds: number;
  /** The worst of all runs. */
  readonly peakBytes: number;
  readonly storedBytes: number | null;
  readonly plainBytes: number | null;
}

/** In the order of the works; within a work as the tools came first. */
export function resultsOf(samples: readonly Sample[]): Result[] {
  return works.flatMap((work) => {
    const ofWork = samples.filter((sample) => sample.work === work);
    const tools = [...new Set(ofWork.map(({ tool }) => tool))];
    return tools.map((tool) =>
      resultOf(
        tool,
        work,
        ofWork.filter((sample) => sample.tool === tool),
      ),
    );
  });
}

function resultOf(tool: string, work: Work, samples: readonly Sample[]): Result {
  const seconds = samples.map((sample) => sample.seconds);
  return {
    tool,
    work,
    seconds: rounded(median(seconds)),
    secondsMin: rounded(Math.min(...seconds)),
    secondsMax: rounded(Math.max(...seconds)),
    runs: samples.length,
    cpuSeconds: rounded(median(samples.map((sample) => sample.cpuSeconds))),
    peakBytes: Math.max(...samples.map((sample) => sample.peakBytes)),
    storedBytes: medianOfKnown(samples.map((sample) => sample.storedBytes)),
    plainBytes: medianOfKnown(samples.map((sample) => sample.plainBytes)),
  };
}

function medianOfKnown(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.round(median(known));
}

/** The mean of the two in the middle when there is no middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
