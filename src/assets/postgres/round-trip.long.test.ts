import { describeRoundTrip } from './round-trip.suite.ts';

describeRoundTrip(16);
describeRoundTrip(17);
