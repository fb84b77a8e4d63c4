import { engineSuite } from './engine.suite.ts';
import { embeddedGround } from './testing/ground.ts';

engineSuite('embedded', embeddedGround);
