import { simulatedYear } from './year.suite.ts';

simulatedYear({ assets: 50, days: 365 }, 3_600_000);
