// Whether the `serve` of this container is well, for who keeps containers alive: exit code 0 or 1. Its scheduler may be well while its
// certificate names another host than this one, so over TLS nobody's name is asked for; nothing is told but a question without a secret.
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';

const place = process.argv[2] ?? '127.0.0.1:9807';
const isWell = (await answersWell(getPlain, 'http')) || (await answersWell(getSecure, 'https'));
process.exit(isWell ? 0 : 1);

function answersWell(get, protocol) {
  return new Promise((resolve) => {
    const asked = get(`${protocol}://${place}/healthz`, { rejectUnauthorized: false, timeout: 2500 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.on('close', () => resolve(false));
  });
}
