import type { Path } from '../document.ts';
import type { Inspection } from '../inspection.ts';
import { plainSecret } from '../schema/issues.ts';

/** Wherever it stands: a password inside an address, or an age identity, is a secret in the plan. Its text is never shown. */
export function checkPlainSecrets(inspection: Inspection): void {
  walk(inspection.root, [], (text, path) => {
    if (!passwordInUrl.test(text) && !ageIdentity.test(text)) return;
    const { code, message, hint } = plainSecret(path);
    inspection.error(code, path, message, hint, 'value');
  });
}

const passwordInUrl = /[a-z][a-z0-9+.-]*:\/\/[^:/?#@\s]*:(?!\$\{)[^@/\s]+@/i;
const ageIdentity = /AGE-SECRET-KEY-1[A-Z0-9]/i;

function walk(value: unknown, path: Path, look: (text: string, path: Path) => void): void {
  if (typeof value === 'string') return look(value, path);
  if (Array.isArray(value)) return value.forEach((item, index) => walk(item, [...path, index], look));
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) walk(part, [...path, key], look);
}
