/**
 * Gives the memory of bytes that nobody looks at any more back at once. The garbage collector sees only the small object in front
 * of them: by the time it comes, a fast thread has left hundreds of megabytes behind, each page of them fresh from the system.
 * Bytes of a shared pool, or in shared memory, are left alone.
 */
export function free(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
