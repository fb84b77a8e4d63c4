import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A mock, and only for what no server that can be had here does: a class that freezes, with its thaw, and joined parts whose answer begins with
 * 200 and ends as an error. It checks no signature and keeps what it is sent.
 */
export interface MockS3 {
  readonly endpoint: string;
  /** Thaws that were asked for: the body of each. */
  readonly thaws: string[];
  /** Ends the thaws that are under way. */
  finishThaws(): void;
  close(): Promise<void>;
}

export async function startMockS3(): Promise<MockS3> {
  const thaws: string[] = [];
  const state: { thaw: 'frozen' | 'ongoing' | 'done' } = { thaw: 'frozen' };
  const head = (): Record<string, string> => ({
    'x-amz-storage-class': 'GLACIER',
    ...(state.thaw === 'ongoing' ? { 'x-amz-restore': 'ongoing-request="true"' } : {}),
    ...(state.thaw === 'done'
      ? { 'x-amz-restore': 'ongoing-request="false", expiry-date="Fri, 25 Dec 2026 00:00:00 GMT"' }
      : {}),
  });
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://mock');
    const answer = (status: number, text = '', headers: Record<string, string> = {}): void => {
      response
        .writeHead(status, { 'content-length': Buffer.byteLength(text), ...headers })
        .end(request.method === 'HEAD' ? '' : text);
    };
    if (searchParams.has('restore')) {
      if (state.thaw !== 'frozen') return answer(409, '<Error><Code>RestoreAlreadyInProgress</Code></Error>');
      thaws.push(body);
      state.thaw = 'ongoing';
      return answer(202);
    }
    if (searchParams.has('uploads'))
      return answer(200, '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    if (searchParams.has('partNumber')) return answer(200, '', { etag: '"part"' });
    if (searchParams.has('uploadId') && request.method === 'POST')
      return answer(
        200,
        '<?xml version="1.0"?>\n   <Error><Code>InternalError</Code><Message>try again</Message></Error>',
      );
    if (request.method === 'DELETE') return answer(204);
    if (!pathname.endsWith('/cold')) return answer(404, '<Error><Code>NoSuchKey</Code></Error>');
    if (request.method === 'HEAD') return answer(200, 'cold bytes', head());
    if (state.thaw === 'done')
      return answer(206, 'cold bytes', { ...head(), 'content-range': 'bytes 0-9/10', etag: '"c"' });
    return answer(403, '<Error><Code>InvalidObjectState</Code><StorageClass>GLACIER</StorageClass></Error>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    thaws,
    finishThaws: () => void (state.thaw = 'done'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
