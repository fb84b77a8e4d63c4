import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent, type ReactNode } from 'react';

/**
 * Where we are: the path and what stands behind its question mark. A router of forty lines, because the one that the market has weighs
 * a third of what the whole shell may.
 */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();
let place = placeNow();

function placeNow(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

function moved(): void {
  place = placeNow();
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', moved);

export const usePlace = (): Place => useSyncExternalStore(subscribe, () => place);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** `replace`: the way back does not stop here. */
export function go(to: string, how: { readonly replace?: boolean } = {}): void {
  if (to === location.pathname + location.search) return;
  const changesRoom = new URL(to, location.href).pathname !== location.pathname;
  if (how.replace === true) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  moved();
  if (changesRoom) window.scrollTo(0, 0);
}

/** Another value behind the question mark of where we are; undefined takes it away. */
export function setQuery(values: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${place.path}${text === '' ? '' : `?${text}`}`, { replace: true });
}

interface LinkProperties extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  readonly to: string;
  readonly children: ReactNode;
}

/** A link of ours: the browser opens it elsewhere when people ask for that. */
export function Link({ to, onClick, children, ...rest }: LinkProperties): ReactNode {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const wantsElsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
    if (event.defaultPrevented || wantsElsewhere) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
