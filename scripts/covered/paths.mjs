/** Whether a path of the plan, as text, leads to this place or into it. */
export const isAtOrBelow = (path, place) =>
  path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);

/** `scenarios.gone.steps[1].restore`, as findings have it. */
export const pathText = (path) =>
  path.reduce(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );

/** The innermost step that a path leads into. */
export function stepAt(value, path) {
  let found;
  let inside = value;
  for (const [index, part] of path.entries()) {
    inside = inside?.[part];
    if (typeof part === 'number' && ['steps', 'parallel'].includes(path[index - 1])) found = inside;
  }
  return path[0] === 'scenarios' ? found : undefined;
}
