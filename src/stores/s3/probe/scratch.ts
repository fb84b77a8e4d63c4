import type { Client } from '../transport/client.ts';

/** Takes scratch objects out, versions too where they may be removed: a writer that may not delete leaves them to the rules of the bucket. */
export async function removeScratch(client: Client, key: string, versions: readonly string[] = []): Promise<void> {
  const requests = versions.length === 0 ? [{}] : versions.map((versionId) => ({ versionId }));
  for (const query of requests) await client.send({ method: 'DELETE', key, query }).catch(() => {}); // see above
}
