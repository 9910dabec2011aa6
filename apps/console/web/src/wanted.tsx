/** What reads much: of a small fleet it is asked at once, of a large one when someone wants it. */
import { useState, type ReactNode } from 'react';
import { useAnswer, type RoutersAnswer } from './api.ts';
import { momentOf, useNavigation } from './view.ts';

/** Sessions of all routers above which such a question takes more than a moment. */
const large = 100_000;

export interface Wanted {
  /** Whether to ask; undefined while it is not known how large the fleet is. */
  readonly wanted: boolean | undefined;
  readonly want: () => void;
}

/** @param question what would be asked: another one is to be wanted anew */
export function useWanted(question: string): Wanted {
  const { view } = useNavigation();
  const routers = useAnswer<RoutersAnswer>('/api/routers', momentOf(view));
  const [asked, setAsked] = useState('');
  const sessions = routers.data?.routers.reduce((n, r) => n + r.sessions, 0);
  const small = sessions === undefined ? undefined : sessions <= large;
  return { wanted: asked === question || small, want: () => setAsked(question) };
}

/** Stands where the answer would, until it is wanted. */
export function Offer({
  title,
  want,
  children,
}: {
  readonly title: string;
  readonly want: () => void;
  readonly children: ReactNode;
}) {
  return (
    <section className="panel wide" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <button type="button" onClick={want}>
          Ask
        </button>
      </header>
      <p className="nothing">{children}</p>
    </section>
  );
}
