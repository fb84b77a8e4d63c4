import { useEffect, type ReactNode } from 'react';
import { after } from '../data/clock.ts';
import { Dialog } from '../parts/parts.tsx';
import type { Role } from '../../../api/contract/words.ts';
import { roomsFor } from './rooms.tsx';
import { go } from './route.tsx';
import { nextTheme } from './theme.ts';

/** So long `g` waits for the room. */
const pairMs = 1200;

/** One key does it where nobody types: `?`, `/`, `t`, and `g` with a room. */
export function useKeys(role: Role, onHelp: () => void): void {
  useEffect(() => {
    let forget: (() => void) | undefined;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const wasWaiting = forget !== undefined;
      forget?.();
      forget = undefined;
      if (wasWaiting) return toRoom(event, role);
      if (event.key === 'g') forget = after(pairMs, () => (forget = undefined));
      else if (event.key === '?') onHelp();
      else if (event.key === 't') nextTheme();
      else if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('input[type=search]');
        if (field === null) return;
        event.preventDefault();
        field.focus();
      }
    };
    window.addEventListener('keydown', press);
    return () => {
      forget?.();
      window.removeEventListener('keydown', press);
    };
  }, [role, onHelp]);
}

function toRoom({ key }: KeyboardEvent, role: Role): void {
  const room = roomsFor(role).find((one) => one.key === key);
  if (room !== undefined) go(room.path);
  else if (key === 'w') go('/wall');
}

/** What stood in a dialog keeps the focus for a moment after it was closed. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.matches('input, select, textarea') || target.closest('dialog[open]') !== null);

export function Help({ role, onClose }: { readonly role: Role; readonly onClose: () => void }): ReactNode {
  return (
    <Dialog title="Shortcuts" onClose={onClose}>
      <div className="keys">
        {roomsFor(role).map(({ key, name }) => (
          <Line key={key} keys={['g', key]} words={name} />
        ))}
        <Line keys={['g', 'w']} words="Wall screen; Esc comes back" />
        <Line keys={['/']} words="find in the list" />
        <Line keys={['t']} words="light, dark, or as the system" />
        <Line keys={['?']} words="this help" />
        <Line keys={['Esc']} words="close what is open" />
      </div>
      <div className="actions">
        <button type="button" className="button main" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

const Line = ({ keys, words }: { readonly keys: readonly string[]; readonly words: string }): ReactNode => (
  <>
    <span>
      {keys.map((key, at) => (
        <span key={key}>
          {at > 0 ? ' ' : ''}
          <kbd>{key}</kbd>
        </span>
      ))}
    </span>
    <span>{words}</span>
  </>
);
