// What the declarations of a kind of step mean, in words for docs/steps.md.
import { isGroup } from '../../src/procedures/groups/is-group.ts';

const groups = new Set(['parallel', 'choose']);
export const isWalked = ({ kind }) => groups.has(kind) || isGroup({ kind, settings: null });

export const changes = (kind) => (isWalked(kind) ? 'as its steps do' : kind.destructive ? 'yes' : 'no');

export function crash(kind) {
  if (isWalked(kind)) return 'each step inside by its own records';
  const said = kind.people === undefined ? [] : ['what people said is looked at again'];
  const asked = kind.inspect === undefined ? [] : ['the world is asked; where nobody can tell, a person'];
  if (said.length + asked.length > 0) return [...asked, ...said].join('; ');
  return kind.destructive ? 'a person decides, unless the step is `idempotent`' : 'done again';
}

export function undoing(kind) {
  if (isWalked(kind)) return 'each step inside';
  if (kind.takesBack !== undefined) return 'some of it by itself, and proved; the rest by people';
  if (kind.undo !== undefined) return kind.prove === undefined ? 'by itself; a person looks' : 'by itself, and proved';
  return kind.destructive || kind.kind === 'manual' ? 'by its `undo`, else by a person' : 'nothing to take back';
}

/** As the formatter of the project writes it. */
export function table(headings, rows) {
  const cells = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [cells(headings), `| ${headings.map(() => '---').join(' | ')} |`, ...rows.map(cells), ''].join('\n');
}
