// Loaded into a process of ours that is profiled, before its program: threads get the profiler too, whatever flags they are given.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const { Worker, isMainThread } = threads;
const profiler = ['--cpu-prof', `--cpu-prof-dir=${process.env.LIFEBOAT_BENCH_PROFILE}`];

if (isMainThread) {
  threads.Worker = class extends Worker {
    constructor(program, options = {}) {
      super(program, { ...options, execArgv: [...(options.execArgv ?? []), ...profiler] });
    }
  };
  syncBuiltinESMExports();
}
