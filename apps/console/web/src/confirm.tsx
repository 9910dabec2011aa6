/** A change that wants to be confirmed, and what came of it. */
import { useState, type ReactNode } from 'react';
import { ApiError } from './api.ts';

/** A button that asks before it does: the question stands in its place, with the focus on the answer. */
export function Confirm(props: {
  readonly label: string;
  readonly question: ReactNode;
  readonly onYes: () => Promise<void>;
  readonly disabled?: boolean;
  /** Of what, where several such buttons stand below each other. */
  readonly of?: string;
}) {
  const { label, question, onYes, disabled = false, of } = props;
  const [state, setState] = useState<'idle' | 'asking' | 'doing'>('idle');
  const yes = async (): Promise<void> => {
    setState('doing');
    await onYes();
    setState('idle');
  };
  if (state === 'idle')
    return (
      <button
        type="button"
        disabled={disabled}
        aria-label={of === undefined ? undefined : `${label} ${of}`}
        onClick={() => setState('asking')}
      >
        {label}
      </button>
    );
  return (
    <span
      className="confirm"
      role="group"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setState('idle');
      }}
    >
      {question}{' '}
      <button type="button" autoFocus disabled={state === 'doing'} onClick={() => void yes()}>
        {state === 'doing' ? 'A moment …' : 'Yes'}
      </button>{' '}
      <button type="button" disabled={state === 'doing'} onClick={() => setState('idle')}>
        No
      </button>
    </span>
  );
}

export interface Result {
  readonly good: boolean;
  readonly text: string;
}

/** What came of a change, in words: what the API says where it refused. */
export async function resultOf<T>(work: Promise<T>, told: (answer: T) => string): Promise<Result> {
  try {
    return { good: true, text: told(await work) };
  } catch (error) {
    return { good: false, text: error instanceof ApiError ? error.message : String(error) };
  }
}

export function ResultLine({ result }: { readonly result: Result | null }) {
  return (
    <p className={result === null ? 'hidden' : result.good ? 'notice' : 'failure'} role="status">
      {result?.text}
    </p>
  );
}
