import type { ReactNode } from 'react';

/** One of the numbered parts of a way that leads to an act. */
export function Part({
  number,
  title,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <section className="part sheet" aria-label={`${number}. ${title}`}>
      <h2>
        <span className="part-number" aria-hidden="true">
          {number}
        </span>
        {title}
      </h2>
      <div className="stack tight">{children}</div>
    </section>
  );
}
