import { simulatedYear } from './year.suite.ts';

simulatedYear({ assets: 4, days: 30 }, 60_000);
