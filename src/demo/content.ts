/** What every write of the demo holds follows from its sequence, so that a wrong row is told from a right one. */
export const amountCentsOf = (sequence: number): number => 100 + ((sequence * 7919) % 50_000);

export const customerOf = (sequence: number): number => 1 + (sequence % 500);

export const priceCentsOf = (sequence: number): number => 50 + ((sequence * 104_729) % 20_000);

export const uploadNameOf = (sequence: number): string =>
  `${String(Math.floor(sequence / 100)).padStart(4, '0')}/${sequence}.bin`;
