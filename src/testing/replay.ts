import { isReplay, seed } from './seed.ts';

// Every property test replays from one variable: fast-check prints the seed of a failure, LIFEBOAT_SEED takes it back.
if (isReplay) (await import('fast-check')).configureGlobal({ seed });
