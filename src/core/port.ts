import { createServer } from 'node:net';
import { LifeboatError } from './errors.ts';

/** The port, if it is free on loopback; without one any free port. Throws `port.taken`. */
export function freePort(port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      reject(
        new LifeboatError('port.taken', `port ${port} cannot be used on 127.0.0.1: ${error.message}`, {
          hint: 'Name another port, or none to get a free one.',
          cause: error,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
