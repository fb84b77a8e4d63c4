/** `Did you mean policy?`, or the list of what is there when nothing is near; undefined when there is nothing to offer. */
export function didYouMean(written: string, known: readonly string[]): string | undefined {
  const near = nearest(written, known);
  if (near !== undefined) return `Did you mean ${near}?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, shownMax).join(', ');
  return `Known here: ${shown}${known.length > shownMax ? ', …' : ''}.`;
}

const shownMax = 16;

export function nearest(written: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(written.length / 3));
  const ranked = known
    .map((name) => ({ name, distance: editDistance(plain(written), plain(name)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_ -]/g, '').slice(0, 64);

/** Insertions, deletions, changes and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = at(rows, i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const swap = swapped ? at(rows, i - 2, j - 2) + 1 : Infinity;
      row[j] = Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? Infinity) + 1, change, swap);
    }
    rows.push(row);
  }
  return at(rows, from.length, to.length);
}

const at = (rows: readonly number[][], row: number, column: number): number => rows[row]?.[column] ?? Infinity;
