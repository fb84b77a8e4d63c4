import { failingCallsSweep } from './failing-calls.ts';

failingCallsSweep(8);
