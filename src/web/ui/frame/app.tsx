import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import type { Session } from '../../../api/contract/index.ts';
import { listen } from '../data/live.ts';
import { useSession } from '../data/queries.ts';
import { Trouble } from '../parts/parts.tsx';
import { Bulkhead } from './bulkhead.tsx';
import { Door } from './door.tsx';
import { roomOf } from './rooms.tsx';
import { usePlace } from './route.tsx';
import { Shell } from './shell.tsx';

const Wall = lazy(() => import('../rooms/wall/wall.tsx'));

/** The door, or the house. */
export function App(): ReactNode {
  const session = useSession();
  if (session.data?.signedIn === true) return <House session={session.data} />;
  if (session.data !== undefined) return <Door setUp={session.data.setup} />;
  if (session.error === null) return null;
  return (
    <main className="door">
      <Trouble error={session.error} retry={() => void session.refetch()} />
    </main>
  );
}

function House({ session }: { readonly session: Extract<Session, { signedIn: true }> }): ReactNode {
  const { path } = usePlace();
  useEffect(() => listen(), []);
  // Nothing stands around it.
  if (path === '/wall')
    return (
      <Bulkhead>
        <Suspense>
          <Wall plan={session.plan} />
        </Suspense>
      </Bulkhead>
    );
  return (
    <Shell session={session}>
      <Bulkhead key={path}>{roomOf(path)}</Bulkhead>
    </Shell>
  );
}
