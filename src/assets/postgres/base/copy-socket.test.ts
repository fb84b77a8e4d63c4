import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CopySocket } from './copy-socket.ts';

const numbered = (number: number, bytes = 39): Buffer => Buffer.alloc(bytes, `${number}`.padStart(8, '0'));

describe('what is written at once', () => {
  let ours: CopySocket;
  let theirs: Socket;
  const server = createServer();

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    ours = new CopySocket();
    ours.connect((server.address() as { port: number }).port, '127.0.0.1');
    [theirs] = (await accepted) as [Socket];
    if (ours.connecting) await once(ours, 'connect');
  });
  afterEach(async () => {
    ours.destroy();
    theirs.destroy();
    server.close();
    await once(server, 'close');
  });

  const received = async (bytes: number): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const part of theirs) {
      parts.push(part as Buffer);
      if (parts.reduce((total, { length }) => total + length, 0) >= bytes) break;
    }
    return Buffer.concat(parts);
  };

  it('arrives, though its memory is used again right after the call', async () => {
    const kept = Buffer.alloc(39);
    const sent: Buffer[] = [];
    for (let number = 0; number < 1_000; number += 1) {
      numbered(number).copy(kept);
      sent.push(Buffer.from(kept));
      ours.writeNow(kept);
    }
    expect(ours.writableLength).toBe(0);
    expect((await received(39_000)).equals(Buffer.concat(sent))).toBe(true);
  });

  it('arrives whole and in order beside what goes the usual way, also where nobody reads for so long that the system takes no more', async () => {
    const kept = Buffer.alloc(30_011);
    const sent: Buffer[] = [];
    for (let number = 0; number < 1_000; number += 1) {
      numbered(number, kept.length).copy(kept);
      sent.push(Buffer.from(kept));
      if (number % 7 === 3) ours.write(Buffer.from(kept));
      else ours.writeNow(kept);
    }
    expect(ours.writableLength).toBeGreaterThan(0);
    const all = Buffer.concat(sent);
    expect((await received(all.length)).equals(all)).toBe(true);
  });

  it('is told of by the events of the connection where that has broken, and throws nothing', async () => {
    const failed = once(ours, 'error');
    theirs.resetAndDestroy();
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(() => ours.writeNow(numbered(1))).not.toThrow();
  });

  it('waits for the connection where there is none yet', async () => {
    const late = new CopySocket();
    const accepted = once(server, 'connection');
    late.connect((server.address() as { port: number }).port, '127.0.0.1');
    late.writeNow(numbered(7));
    const [their] = (await accepted) as [Socket];
    const [bytes] = (await once(their, 'data')) as [Buffer];
    expect(bytes.equals(numbered(7))).toBe(true);
    late.destroy();
    their.destroy();
  });
});
