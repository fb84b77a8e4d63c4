import { randomInt } from 'node:crypto';

const given = process.env['LIFEBOAT_SEED'];

/** The seed of this run's chances. A run prints it; LIFEBOAT_SEED=<it> makes the same choices again. */
export const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
export const isReplay = given !== undefined;
