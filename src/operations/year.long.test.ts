import { simulatedYear } from './year.suite.ts';

simulatedYear({ assets: 50, days: 365 }, 7_200_000);
