import { useCallback, useState, type ReactNode } from 'react';
import type { Session } from '../../../api/contract/index.ts';
import { api } from '../data/api.ts';
import { client } from '../data/client.ts';
import { useConnection } from '../data/live.ts';
import { useReadiness } from '../data/queries.ts';
import { clockTime } from '../data/words.ts';
import { Dialog } from '../parts/parts.tsx';
import { Band } from './band.tsx';
import { Icon } from './icons.tsx';
import { Help, useKeys } from './keys.tsx';
import { roomsFor } from './rooms.tsx';
import { Link, usePlace } from './route.tsx';
import { nextTheme, useTheme } from './theme.ts';

/** What stands around every room: who we are, what is under way, whether what is shown is so now, and the ways. */
export function Shell({
  session,
  children,
}: {
  readonly session: Extract<Session, { signedIn: true }>;
  readonly children: ReactNode;
}): ReactNode {
  const { path } = usePlace();
  // What was opened belongs to the room it was opened in: another room shows it no more.
  const [opened, setOpened] = useState<{ readonly what: 'help' | 'more'; readonly at: string }>();
  const open = opened?.at === path ? opened.what : undefined;
  const setOpen = useCallback(
    (what: 'help' | 'more' | undefined) => setOpened(what === undefined ? undefined : { what, at: location.pathname }),
    [],
  );
  const help = useCallback(() => setOpen('help'), [setOpen]);
  useKeys(session.me.role, help);
  return (
    <>
      <a className="skip" href="#room">
        Skip to the room
      </a>
      <div className="frame">
        <Band session={session} />
        <Navigation session={session} onHelp={help} onMore={() => setOpen('more')} />
        <main className="room" id="room" tabIndex={-1}>
          <Stale />
          {children}
        </main>
      </div>
      {open === 'help' ? <Help role={session.me.role} onClose={() => setOpen(undefined)} /> : null}
      {open === 'more' ? (
        <Dialog title="More" onClose={() => setOpen(undefined)}>
          <nav className="menu" aria-label="More rooms">
            {roomsFor(session.me.role)
              .filter(({ onPhone }) => !onPhone)
              .map(({ path: to, name }) => (
                <Link key={to} to={to} onClick={() => setOpen(undefined)}>
                  {name}
                </Link>
              ))}
            <LookButton />
            <button type="button" onClick={() => void leave()}>
              Sign out {session.me.name}
            </button>
          </nav>
        </Dialog>
      ) : null}
    </>
  );
}

function Navigation({
  session,
  onHelp,
  onMore,
}: {
  readonly session: Extract<Session, { signedIn: true }>;
  readonly onHelp: () => void;
  readonly onMore: () => void;
}): ReactNode {
  const { path } = usePlace();
  const { data } = useReadiness();
  const wrong = data?.problems.length ?? 0;
  const isAt = (to: string): boolean =>
    to === '/' ? path === '/' : path.startsWith(to) || (to === '/points' && path.startsWith('/restore'));
  return (
    <nav className="nav" aria-label="Rooms">
      {roomsFor(session.me.role).map(({ path: to, name, icon, onPhone }) => (
        <Link key={to} to={to} className={onPhone ? '' : 'wide'} {...(isAt(to) ? { 'aria-current': 'page' } : {})}>
          <Icon name={icon} />
          {name}
          {to === '/' && wrong > 0 ? (
            <span className="count">
              {wrong}
              <span className="hidden"> not kept</span>
            </span>
          ) : null}
        </Link>
      ))}
      <span className="more">
        <button
          type="button"
          onClick={onMore}
          {...(roomsFor(session.me.role).some(({ path: to, onPhone }) => !onPhone && isAt(to))
            ? { 'aria-current': 'page' as const }
            : {})}
        >
          <Icon name="more" />
          More
        </button>
      </span>
      <div className="rest">
        <Link to="/wall">
          <Icon name="wall" />
          Wall screen
        </Link>
        <LookButton />
        <button type="button" onClick={onHelp}>
          <Icon name="help" />
          Shortcuts <kbd>?</kbd>
        </button>
        <button type="button" onClick={() => void leave()}>
          <Icon name="leave" />
          Sign out
        </button>
        <p className="who">
          {session.me.name}, {session.me.role}
          {session.me.contact === null ? '' : ` (${session.me.contact})`}
        </p>
      </div>
    </nav>
  );
}

function LookButton(): ReactNode {
  const theme = useTheme();
  const words = { auto: 'system', light: 'light', dark: 'dark' };
  return (
    <button type="button" onClick={nextTheme}>
      <Icon name="look" />
      Look: {words[theme]}
    </button>
  );
}

/** Old figures are never shown as new ones. */
function Stale(): ReactNode {
  const { state, asOfMs } = useConnection();
  // The one place that says it aloud: it stands there before it has something to say.
  return (
    <div role="status">
      {state === 'away' ? (
        <p className="stale">
          Reconnecting. Everything below is shown as of {clockTime(asOfMs)} and may have changed since.
        </p>
      ) : null}
    </div>
  );
}

async function leave(): Promise<void> {
  await api.session.signOut().catch(() => {}); // who cannot be reached keeps the session until it expires
  client.clear();
  await client.invalidateQueries({ queryKey: ['session'] });
  location.assign('/');
}
