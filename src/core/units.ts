import { LifeboatError } from './errors.ts';

export { formatBytes, formatDuration } from './in-words.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;
const unitBytes = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** Milliseconds from `500ms`, `15m`, `24h`, `1h30m`, `90d`, `2w`, `7y` (365 days). Throws `input.flag` on anything else. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)/g)];
  const whole = parts.map(([part]) => part).join('');
  if (whole === '' || whole !== text.replaceAll(' ', '')) {
    throw new LifeboatError('input.flag', `"${text}" is not a duration`, {
      hint: 'Write 30s, 15m, 24h, 1h30m or 90d.',
    });
  }
  return parts.reduce((total, part) => total + Number(part[1]) * unitMs[part[2] as keyof typeof unitMs], 0);
}

/** Bytes from `512`, `64 KiB`, `10MB`, `2GiB`. Throws `input.flag` on anything else. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text.trim());
  if (match === null) {
    throw new LifeboatError('input.flag', `"${text}" is not a size`, { hint: 'Write 512, 64KiB, 10MB or 2GiB.' });
  }
  return Math.round(Number(match[1]) * unitBytes[(match[2] ?? 'B') as keyof typeof unitBytes]);
}
