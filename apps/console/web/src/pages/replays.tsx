/** Replays: history again into a topic, started, watched and cancelled here. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  ask,
  change,
  useAnswer,
  useMay,
  type ApiError,
  type Replay,
  type ReplaysAnswer,
  type RoutersAnswer,
} from '../api.ts';
import { Confirm, ResultLine, resultOf, type Result } from '../confirm.tsx';
import { dateTime, fieldText, number, percent } from '../format.ts';
import { Moment, useZone } from '../link.tsx';
import { Panel, State } from '../states.tsx';
import { Table } from '../table.tsx';
import { iso, useNavigation } from '../view.ts';

const base = '/api/operations/replays';

export function Replays() {
  const replays = useQuery<ReplaysAnswer, ApiError>({
    queryKey: [base],
    queryFn: ({ signal }) => ask<ReplaysAnswer>(base, { signal }),
    // One that runs is watched.
    refetchInterval: (query) =>
      query.state.data?.replays.some((r) => r.state === 'running') === true ? 1_000 : false,
  });
  const mayStart = useMay('operator');
  const queries = useQueryClient();
  const [result, setResult] = useState<Result | null>(null);
  const act = async <T,>(work: Promise<T>, told: string): Promise<void> => {
    setResult(await resultOf(work, () => told));
    await queries.invalidateQueries({ queryKey: [base] });
  };
  return (
    <Panel
      title="Replays"
      query={replays}
      wide
      note="History again, into another topic: each message once, also when it is stopped and gone on with."
    >
      {(data) => (
        <>
          {mayStart && <Start act={act} />}
          <ResultLine result={result} />
          {data.replays.length === 0 ? (
            <p className="nothing">Nobody has started a replay here.</p>
          ) : (
            <Jobs rows={data.replays} act={mayStart ? act : null} />
          )}
        </>
      )}
    </Panel>
  );
}

type Act = <T>(work: Promise<T>, told: string) => Promise<void>;

function Start({ act }: { readonly act: Act }) {
  const { view } = useNavigation();
  const zone = useZone();
  const routers = useAnswer<RoutersAnswer>('/api/routers');
  const start = async (form: HTMLFormElement): Promise<void> => {
    const router = fieldText(form, 'router');
    const speed = fieldText(form, 'speed');
    await act(
      change<Replay>('POST', base, {
        from: iso(view.from),
        to: iso(Math.min(view.to, Date.now())),
        topic: fieldText(form, 'topic'),
        as: fieldText(form, 'as'),
        ...(router === '' ? {} : { router }),
        ...(speed === '' ? {} : { speed: Number(speed) }),
      }),
      'It has begun.',
    );
  };
  return (
    <details className="filters">
      <summary>Start a replay</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start(event.currentTarget);
        }}
      >
        <label>
          Of
          <select name="router">
            <option value="">all routers</option>
            {routers.data?.routers.map((r) => (
              <option key={r.router}>{r.router}</option>
            ))}
          </select>
        </label>
        <label>
          As
          <select name="as">
            <option value="snapshots">snapshots, printed anew</option>
            <option value="events">events</option>
          </select>
        </label>
        <label>
          Into the topic
          <input name="topic" required pattern="[A-Za-z0-9._\-]{1,249}" autoComplete="off" />
        </label>
        <label>
          Speed
          <select name="speed">
            <option value="">as fast as it goes</option>
            <option value="1">1× (as it happened)</option>
            <option value="60">60×</option>
            <option value="600">600×</option>
          </select>
        </label>
        <button type="submit">Start</button>
        <span className="quiet">
          Of the window above: {dateTime(view.from, zone)} to {dateTime(view.to, zone)}.
        </span>
      </form>
    </details>
  );
}

const kinds: Readonly<Record<Replay['state'], string>> = {
  running: 'changed',
  done: 'opened',
  failed: 'dead_letter',
  cancelled: 'closed',
  interrupted: 'stale',
};

function Jobs({ rows, act }: { readonly rows: readonly Replay[]; readonly act: Act | null }) {
  return (
    <Table
      label="Replays, the newest first"
      rows={rows}
      keyOf={(r) => r.id}
      most={20}
      columns={[
        { name: 'started', title: 'Started', cell: (r) => <Moment at={r.started_at} lead={false} /> },
        { name: 'by', title: 'By', cell: (r) => r.by },
        { name: 'state', title: 'State', cell: (r) => <State name={r.state} as={kinds[r.state]} /> },
        {
          name: 'progress',
          title: 'Progress',
          cell: (r) => (
            <span className="share">
              <meter min={0} max={1} value={r.progress} aria-hidden="true" /> {percent(r.progress)}
            </span>
          ),
        },
        { name: 'sent', title: 'Messages', right: true, cell: (r) => number(r.sent) },
        { name: 'as', title: 'As', cell: (r) => r.as },
        { name: 'topic', title: 'Into', cell: (r) => r.topic },
        { name: 'of', title: 'Of', words: true, cell: (r) => r.routers?.join(', ') ?? 'all routers' },
        {
          name: 'range',
          title: 'History',
          cell: (r) => (
            <>
              <Moment at={r.from} /> – <Moment at={r.to} />
            </>
          ),
        },
        { name: 'told', title: 'In words', words: true, cell: told },
        ...(act === null
          ? []
          : [{ name: 'act', title: 'Change', cell: (r: Replay) => <Action job={r} act={act} /> }]),
      ]}
    />
  );
}

function told({ error, left_out: left }: Replay): string {
  if (error !== '') return error;
  if (left === null || left.incomplete + left.late === 0) return '';
  return `Left out: ${number(left.incomplete)} listings that were not whole, ${number(left.late)} that came late.`;
}

function Action({ job, act }: { readonly job: Replay; readonly act: Act }) {
  if (job.state === 'done') return null;
  return job.state === 'running' ? (
    <Confirm
      label="Cancel"
      of={`the replay into ${job.topic}`}
      question="Cancel it? What was sent stays sent."
      onYes={() => act(change('DELETE', `${base}/${job.id}`), 'Cancelled.')}
    />
  ) : (
    <button
      type="button"
      aria-label={`Go on with the replay into ${job.topic}`}
      onClick={() => void act(change('POST', `${base}/${job.id}/resume`), 'It goes on.')}
    >
      Go on
    </button>
  );
}
