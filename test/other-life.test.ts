import { describeOtherLives } from './support/other-life.suite.ts';

describeOtherLives(17);
