import { describeRoundTrip } from './round-trip.suite.ts';

// The oldest and the newest; those between are in the long tests.
describeRoundTrip(15);
describeRoundTrip(18);
