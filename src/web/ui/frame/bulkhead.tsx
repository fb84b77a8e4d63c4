import { Component, type ReactNode } from 'react';
import { RoomHead } from '../parts/parts.tsx';

interface State {
  readonly message: string | undefined;
}

/** A room that fails takes no other with it: the band, the ways and the sign-out stay. */
export class Bulkhead extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { message: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { message } = this.state;
    if (message === undefined) return this.props.children;
    return (
      <>
        <RoomHead title="This room failed" />
        <div className="trouble" role="alert">
          <p className="strong">{message}</p>
          <p>This is our fault. What is under way goes on; the command line shows the same as this room.</p>
          <button type="button" className="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </div>
      </>
    );
  }
}
