import { failingCallsSweep } from './failing-calls.ts';

// Two pairs of a call and a reason at every change; all of them, again and again, in `npm run test:long`.
failingCallsSweep(1, 2);
