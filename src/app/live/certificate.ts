import { isIP } from 'node:net';
import { connect, type PeerCertificate } from 'node:tls';
import { messageOf, systemCodeOf } from '../../core/index.ts';

/** The certificate that an endpoint showed. */
export interface Presented {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Why this machine would not accept it, without names: `DEPTH_ZERO_SELF_SIGNED_CERT`; undefined when it would. */
  readonly refusal: string | undefined;
}

/** No handshake came about: `ECONNREFUSED`, `the connection was closed`. Never holds the host. */
export interface Refused {
  readonly refused: string;
}

/** Shakes hands and says goodbye; when the signal fires, the connection is cut. */
export function presentedCertificate(host: string, port: number, signal: AbortSignal): Promise<Presented | Refused> {
  return new Promise((resolve) => {
    // Only looked at: nothing is sent over a connection that is not trusted, and nothing is believed of what it says.
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const end = (): void => void socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      const refusal = socket.authorized ? undefined : codeOf(socket.authorizationError);
      end();
      resolve(presented(certificate, refusal));
    });
    socket.once('error', (error) => {
      end();
      resolve({ refused: systemCodeOf(error) ?? messageOf(error).replaceAll(host, 'it') });
    });
    socket.once('close', () => {
      signal.removeEventListener('abort', end);
      resolve({ refused: 'the connection was closed' });
    });
  });
}

const presented = (certificate: PeerCertificate, refusal: string | undefined): Presented => ({
  notBeforeMs: Date.parse(certificate.valid_from),
  notAfterMs: Date.parse(certificate.valid_to),
  refusal: refusal === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'it is for other names' : refusal,
});

/** The types say an error, the library gives its code. */
function codeOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'it is not trusted';
}
