/** A length of time as a document states it, in the words of the plan: `15m`, `4h`, `90d`. */
export interface StatedDuration {
  /** The longer end of a range. */
  readonly words: string;
  readonly ms: number;
  /** The shorter end, when a range is stated: `2-3 hours`. */
  readonly from: string | undefined;
  /** `exact`, or stated as a bound: `< 1 hour`, `at least 7 days`. */
  readonly bound: 'exact' | 'below' | 'above';
  /** What was read, as written. */
  readonly text: string;
}

/** The first length of time in a text; undefined when it states none. */
export function readDuration(text: string): StatedDuration | undefined {
  const match = pattern.exec(text) ?? undefined;
  if (match === undefined) return nothing(text);
  const { bound = '', first, firstUnit, last, unit, small } = match.groups as Record<string, string | undefined>;
  const letter = unitLetters[(unit ?? small ?? '').toLowerCase()] as string;
  const upper = last ?? first ?? '';
  const words = wordsOf(upper, letter);
  if (words === undefined) return undefined;
  const lowerLetter = firstUnit === undefined ? letter : (unitLetters[firstUnit.toLowerCase()] as string);
  const from = last === undefined ? undefined : wordsOf(first ?? '', lowerLetter)?.words;
  return { ...words, from, bound: boundOf(bound), text: match[0].trim() };
}

/** `every 6 hours` and `5-minute intervals` are how often, not how long: the first length outside such words. */
export const readLength = (text: string): StatedDuration | undefined =>
  readDuration(text.replaceAll(/\b(every|each)\s+[\w.]+[\s-]?\w*|[\w.]+[\s-](minute|hour|day)s?\s+intervals?/gi, ' '));

const counted = {
  half: 0.5,
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  twelve: 12,
} as const;
const number = `\\d{1,6}(?:[.,]\\d{1,3})?|half an?\\b|(?:${Object.keys(counted).join('|')})(?=[\\s-])`;
const unitLetters: Record<string, string> = {
  ...spell('s', 'second', 'seconds', 'sec', 'secs', 's'),
  ...spell('m', 'minute', 'minutes', 'min', 'mins', 'm'),
  ...spell('h', 'hour', 'hours', 'hr', 'hrs', 'h'),
  ...spell('d', 'day', 'days', 'd'),
  ...spell('w', 'week', 'weeks', 'w'),
  ...spell('M', 'month', 'months', 'mo'),
  ...spell('y', 'year', 'years', 'yr', 'yrs', 'y'),
};
const long = 'seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|yrs?';
const short = 's|m|h|d|w|y|mo';
const pattern = new RegExp(
  `(?<bound>[<>≤≥~]=?|\\b(?:under|below|less than|within|up to|at most|no more than|max(?:imum)?|more than|over|at least|about|after|for))?\\s*` +
    `(?<![\\w.:/-])(?<first>${number})(?:\\s*(?<firstUnit>${long}|[smhdwy](?=\\s*[-–—]))?\\s*(?:[-–—]|\\bto\\b)\\s*(?<last>${number}))?` +
    `(?:[\\s-]*(?:business |working |calendar )?(?<unit>${long})\\b|(?<small>${short})(?![\\w/:-]))`,
  'i',
);

function spell(letter: string, ...words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, letter]));
}

const unitMs: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 30 * 86_400_000,
  y: 31_536_000_000,
};

function wordsOf(text: string, letter: string): { words: string; ms: number } | undefined {
  const word = text.toLowerCase().replace(/^half an?$/, 'half');
  const value = Object.hasOwn(counted, word) ? counted[word as keyof typeof counted] : Number(word.replace(',', '.'));
  const unit = unitMs[letter] ?? Number.NaN;
  if (!Number.isFinite(value * unit)) return undefined;
  const ms = Math.round(value * unit);
  // The plan has no months: their lengths differ. Thirty days is what retention and cadence mean by them.
  return { words: letter === 'M' ? `${value * 30}d` : `${value}${letter}`, ms };
}

function boundOf(word: string): StatedDuration['bound'] {
  if (/^(<|≤|under|below|less|within|up to|at most|no more|max)/i.test(word)) return 'below';
  return /^(>|≥|more|over|at least)/i.test(word) ? 'above' : 'exact';
}

/** Zero is stated in words of its own, and without a unit only where nothing else stands. */
function nothing(text: string): StatedDuration | undefined {
  if (!/^\s*(0|zero( data)?( loss)?|none|no (data )?loss|instant(ly|aneous)?|immediate(ly)?)\b\s*(\(.*)?$/i.test(text))
    return undefined;
  return { words: '0s', ms: 0, from: undefined, bound: 'exact', text: text.trim() };
}
