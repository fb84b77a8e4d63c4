import { readFile } from 'node:fs/promises';
import { systemCodeOf } from './errors.ts';

interface Mount {
  readonly id: string;
  /** The mount that it was mounted in. */
  readonly parent: string;
  readonly place: string;
}

/** The folders that something is mounted on, as paths lead to them: what another mount hides is not there. Empty where the system does not tell. */
export async function mountPoints(): Promise<string[]> {
  let text: string;
  try {
    text = await readFile('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return placesOf(text.split('\n').flatMap(mountOf));
}

function mountOf(line: string): Mount[] {
  const [id, parent, , , place] = line.split(' ');
  if (id === undefined || parent === undefined || place === undefined) return [];
  // The kernel writes blanks and the like as three octal digits.
  const plain = place.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
  return [{ id, parent, place: plain }];
}

/** A path goes over into a mount where it meets one, so that what the same parent has further in, and all that hangs on it, is out of its way. */
function placesOf(mounts: readonly Mount[]): string[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const inside = Map.groupBy(mounts, ({ parent }) => parent);
  const isHidden = (mount: Mount): boolean => {
    const beside = inside.get(mount.parent) ?? [];
    if (beside.some((other) => other !== mount && isAround(other.place, mount.place))) return true;
    const parent = byId.get(mount.parent);
    return parent !== undefined && parent !== mount && isHidden(parent);
  };
  return [...new Set(mounts.filter((mount) => !isHidden(mount)).map(({ place }) => place))];
}

const isAround = (outer: string, inner: string): boolean =>
  outer !== inner && inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
