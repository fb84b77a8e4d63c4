import { describeOtherLives } from './support/other-life.suite.ts';

for (const major of [15, 18]) describeOtherLives(major);
