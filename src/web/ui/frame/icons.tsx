import type { ReactNode } from 'react';

/** Drawn in one weight, 18 units, in the ink around them; words stand beside them, so they say nothing to a reader of the screen. */
const paths: Readonly<Record<string, string>> = {
  readiness: 'M3 11a6 6 0 1 1 12 0M9 11l3-3M2 15h14',
  points: 'M2 9h14M4 7v4M8 5v8M12 7v4M15 8v2',
  runs: 'M3 4h7M3 9h11M3 14h5M13 12l3 2-3 2z',
  plan: 'M4 2h7l3 3v11H4zM11 2v3h3M6.5 8h5M6.5 11h5',
  drills: 'M9 2a7 7 0 1 0 7 7M9 5.5A3.5 3.5 0 1 0 12.5 9M9 9l6-6',
  stores: 'M3 4.5C3 3 15 3 15 4.5v9c0 1.5-12 1.5-12 0zM3 4.5C3 6 15 6 15 4.5M3 9c0 1.5 12 1.5 12 0',
  people: 'M9 8.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6M3 16c0-3 2.5-5 6-5s6 2 6 5',
  audit: 'M3 3.5h9M3 7.5h6M3 11.5h4M11.5 15.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M14 14.8l2 2',
  wall: 'M2 3h14v9H2zM9 12v3M5.5 15.5h7',
  more: 'M4 9h.01M9 9h.01M14 9h.01',
  look: 'M9 2a7 7 0 1 0 0 14zM9 2a7 7 0 0 1 0 14',
  help: 'M6.5 7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M9 13.5h.01M9 2a7 7 0 1 0 0 14A7 7 0 0 0 9 2',
  leave: 'M7 3H3v12h4M8 9h8M13 6l3 3-3 3',
};

export function Icon({ name }: { readonly name: keyof typeof paths }): ReactNode {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.6 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
