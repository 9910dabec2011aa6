/** Dead letters: those that nobody dealt with, to be looked at, sent again or dropped. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { change, useAnswer, useMay, type OpenLetter, type OpenLetters } from '../api.ts';
import { Confirm, type Result, ResultLine, resultOf } from '../confirm.tsx';
import { bytes, number, visible } from '../format.ts';
import { Moment, RouterLink } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';

const base = '/api/operations/dead-letters';
type Letter = OpenLetters['letters'][number];

export function DeadLetters() {
  const letters = useAnswer<OpenLetters>(`${base}/open`);
  const mayDeal = useMay('operator');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [looked, setLooked] = useState<string | null>(null);
  const ids = (letters.data?.letters ?? []).map((l) => l.id).filter((id) => chosen.has(id));
  const choose = (id: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <Panel
      title="Dead letters"
      query={letters}
      wide
      empty={(d) => d.total === 0 && 'Nobody has to deal with anything: every message could be used.'}
      note="A retry sends the message again as it came: what was wrong with it must have changed meanwhile, else it comes back."
    >
      {(data) => (
        <>
          {mayDeal && <Actions ids={ids} all={data.letters} setChosen={setChosen} />}
          {data.total > data.letters.length && (
            <p className="quiet">
              The oldest {number(data.letters.length)} of {number(data.total)}.
            </p>
          )}
          <Table
            label="Dead letters"
            rows={data.letters}
            keyOf={(l) => l.id}
            most={20}
            columns={[
              ...(mayDeal
                ? [
                    {
                      name: 'choose',
                      title: 'Choose',
                      cell: (l: Letter) => (
                        <input
                          type="checkbox"
                          aria-label={`Choose ${l.id}`}
                          checked={chosen.has(l.id)}
                          onChange={(e) => choose(l.id, e.target.checked)}
                        />
                      ),
                    },
                  ]
                : []),
              {
                name: 'id',
                title: 'Letter',
                cell: (l) => (
                  <button
                    type="button"
                    className="plain"
                    aria-expanded={looked === l.id}
                    onClick={() => setLooked(looked === l.id ? null : l.id)}
                  >
                    {l.id}
                  </button>
                ),
              },
              { name: 'at', title: 'Came', cell: (l) => <Moment at={l.at} />, by: (l) => l.at },
              {
                name: 'router',
                title: 'Router',
                cell: (l) => <RouterLink name={l.router} />,
                by: (l) => l.router,
              },
              { name: 'reason', title: 'Reason', cell: (l) => l.reason, by: (l) => l.reason },
              { name: 'error', title: 'In words', words: true, cell: (l) => visible(l.error) },
              {
                name: 'tries',
                title: 'Tries',
                right: true,
                cell: (l) => number(l.tries),
                by: (l) => l.tries,
              },
              { name: 'bytes', title: 'Size', right: true, cell: (l) => bytes(l.bytes), by: (l) => l.bytes },
            ]}
          />
          {looked !== null && <Look id={looked} close={() => setLooked(null)} />}
        </>
      )}
    </Panel>
  );
}

function Actions(props: {
  readonly ids: readonly string[];
  readonly all: readonly Letter[];
  readonly setChosen: (ids: ReadonlySet<string>) => void;
}) {
  const { ids, all, setChosen } = props;
  const queries = useQueryClient();
  const [result, setResult] = useState<Result | null>(null);
  const deal = async (action: 'retry' | 'drop'): Promise<void> => {
    const done = await resultOf(
      change<{ done: string[] }>('POST', `${base}/${action}`, { ids }),
      (d) => `${letters(d.done.length)} ${action === 'retry' ? 'sent again' : 'dropped'}.`,
    );
    setResult(done);
    if (done.good) setChosen(new Set());
    await queries.invalidateQueries();
  };
  return (
    <div className="actions">
      <button
        type="button"
        onClick={() => setChosen(ids.length === all.length ? new Set() : new Set(all.map((l) => l.id)))}
      >
        {ids.length === all.length ? 'Choose none' : 'Choose all'}
      </button>
      <Confirm
        label="Retry"
        disabled={ids.length === 0}
        question={`Send ${letters(ids.length)} again as captures?`}
        onYes={() => deal('retry')}
      />
      <Confirm
        label="Drop"
        disabled={ids.length === 0}
        question={`Be done with ${letters(ids.length)}? They cannot be had back.`}
        onYes={() => deal('drop')}
      />
      <span className="quiet">{number(ids.length)} chosen</span>
      <ResultLine result={result} />
    </div>
  );
}

const letters = (n: number): string => `${number(n)} ${n === 1 ? 'letter' : 'letters'}`;

function Look({ id, close }: { readonly id: string; readonly close: () => void }) {
  const letter = useAnswer<OpenLetter>(`${base}/open/${id}`);
  return (
    <Panel
      title={`Letter ${id}`}
      query={letter}
      aside={
        <button type="button" onClick={close}>
          Close
        </button>
      }
    >
      {(data) => (
        <>
          <Table
            label="Headers"
            rows={Object.entries(data.headers)}
            keyOf={([name]) => name}
            columns={[
              { name: 'name', title: 'Header', cell: ([name]) => visible(name) },
              { name: 'value', title: 'Value', words: true, cell: ([, value]) => visible(value) },
            ]}
          />
          {data.excerpt === null ? (
            <p className="notice">
              How it begins is not shown: it may hold user names, which are masked for you.
            </p>
          ) : (
            <pre className="printed scroll" tabIndex={0} aria-label="How the message begins">
              {data.excerpt.split('\n').map(visible).join('\n')}
            </pre>
          )}
        </>
      )}
    </Panel>
  );
}
