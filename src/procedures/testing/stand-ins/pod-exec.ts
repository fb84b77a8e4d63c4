import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * `exec` into a pod as a cluster's API speaks it (`v5.channel.k8s.io` over a WebSocket), and a process of this machine stands in for what is in the pod: it
 * proves the calls, what comes back and what is left running, and nothing of a cluster.
 */
export function execInPod(request: IncomingMessage, socket: Duplex): void {
  const { searchParams } = new URL(request.url ?? '/', 'http://cluster');
  const [program = '', ...words] = searchParams.getAll('command');
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  const child = spawn(program, words, {
    env: { PATH: process.env['PATH'] ?? '', IN_POD: 'yes' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // Who is in the pod may end without reading, and who is outside may be gone: the pod goes on.
  child.stdin.on('error', () => {});
  socket.on('error', () => {});
  const send = (channel: number, data: Buffer): void =>
    void (socket.writable && socket.write(frame(binary, Buffer.concat([Buffer.of(channel), data]))));
  child.stdout.on('data', (data: Buffer) => send(1, data));
  child.stderr.on('data', (data: Buffer) => send(2, data));
  child.on('close', (code) => {
    send(3, Buffer.from(JSON.stringify(ended(code ?? 137))));
    socket.end(frame(closing, Buffer.of(0x03, 0xe8)));
  });
  let open = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    open = Buffer.concat([open, data]);
    for (let read = readFrame(open); read !== undefined; read = readFrame(open)) {
      open = open.subarray(read.length);
      const [channel = -1] = read.data;
      if (read.kind === ping) socket.write(frame(pong, read.data));
      else if (read.kind === binary && channel === 0) child.stdin.write(read.data.subarray(1));
      else if (read.kind === binary && channel === 255) child.stdin.end();
    }
  });
}

const protocol = 'v5.channel.k8s.io';
const [binary, closing, ping, pong] = [2, 8, 9, 10] as const;

const ended = (code: number): Record<string, unknown> =>
  code === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: `command terminated with non-zero exit code: exit status ${code}`,
        details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
      };

/** A server's frames are whole, and not masked. */
function frame(kind: number, data: Buffer): Buffer {
  const long = data.length > 125;
  const head = Buffer.alloc(long ? 10 : 2);
  head[0] = 0x80 | kind;
  head[1] = long ? 127 : data.length;
  if (long) head.writeBigUInt64BE(BigInt(data.length), 2);
  return Buffer.concat([head, data]);
}

/** A client's frames are masked; undefined while one is not whole. */
function readFrame(from: Buffer): { kind: number; data: Buffer; length: number } | undefined {
  if (from.length < 6) return undefined;
  const short = (from[1] as number) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (from.length < 6 + extended) return undefined;
  const size = extended === 0 ? short : extended === 2 ? from.readUInt16BE(2) : Number(from.readBigUInt64BE(2));
  const begin = 2 + extended + 4;
  if (from.length < begin + size) return undefined;
  const mask = from.subarray(2 + extended, begin);
  const data = Buffer.from(from.subarray(begin, begin + size).map((byte, index) => byte ^ (mask[index % 4] as number)));
  return { kind: (from[0] as number) & 0x0f, data, length: begin + size };
}
