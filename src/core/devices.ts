/** As the C library packs the two numbers, each of up to 32 bits. */
export const deviceNumber = (major: number, minor: number): bigint => {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
};

export const numbersOfDevice = (device: bigint): { major: number; minor: number } => ({
  major: Number(((device >> 32n) & 0xfffff000n) | ((device >> 8n) & 0xfffn)),
  minor: Number(((device >> 12n) & 0xffffff00n) | (device & 0xffn)),
});
