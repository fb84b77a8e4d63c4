// Loaded into a process of ours that is profiled, before its program: threads get the profiler too, whatever flags they are given, and
// the sources run instead of what was built of them, because the files of ours that took the time are told by their names.
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const { Worker, isMainThread } = threads;
const profiler = ['--cpu-prof', `--cpu-prof-dir=${process.env.LIFEBOAT_BENCH_PROFILE}`];

const builtProgram = /dist\/program\/[^/]+\/main\.js$/;

if (isMainThread) {
  registerHooks({ resolve: (name, context, next) => next(name.replace(builtProgram, 'src/cli/main.ts'), context) });
  threads.Worker = class extends Worker {
    constructor(program, options = {}) {
      super(program, { ...options, execArgv: [...(options.execArgv ?? []), ...profiler] });
    }
  };
  syncBuiltinESMExports();
}
