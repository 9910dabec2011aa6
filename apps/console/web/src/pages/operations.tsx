/** Whether it works: lag, throughput, ledger, anomalies, messages set aside. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addressOf,
  ask,
  useAnswer,
  type AnomaliesAnswer,
  type AnomalyKinds,
  type ApiError,
  type AuditAnswer,
  type PipelineAnswer,
  type SnapshotsAnswer,
} from '../api.ts';
import { Chart } from '../chart.tsx';
import { bytes, duration, number, value } from '../format.ts';
import { Moment, RouterLink, SessionLink } from '../link.tsx';
import { Figure, Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { DeadLetters } from './dead-letters.tsx';
import { Replays } from './replays.tsx';
import { AnomalyTable, SnapshotTable } from './router.tsx';

export function Operations() {
  const { view } = useNavigation();
  const pipeline = useAnswer<PipelineAnswer>('/api/operations/pipeline', momentOf(view));
  const kinds = useAnswer<AnomalyKinds>('/api/operations/anomaly-kinds', rangeOf(view));
  const anomalies = useAnswer<AnomaliesAnswer>('/api/operations/anomalies', rangeOf(view));
  const stale = useAnswer<SnapshotsAnswer>('/api/snapshots', { ...rangeOf(view), limit: 100 });
  return (
    <div className="grid">
      <Panel title="Pipeline" query={pipeline} wide>
        {(data) => <Now data={data} />}
      </Panel>
      <Panel
        title="Snapshots a minute"
        query={pipeline}
        wide
        empty={(d) => d.minutes.length === 0 && 'No snapshot in the hour before the moment.'}
      >
        {(data) => (
          <Chart
            label="Snapshots and events a minute"
            at={data.minutes.map((m) => Date.parse(m.at) / 1_000)}
            lines={[
              { name: 'snapshots', values: data.minutes.map((m) => m.snapshots) },
              { name: 'events', values: data.minutes.map((m) => m.events) },
              { name: 'stale', values: data.minutes.map((m) => m.stale) },
              { name: 'dead letters', values: data.minutes.map((m) => m.dead_letters) },
            ]}
            unit="per minute"
            stepS={60}
            height={140}
          />
        )}
      </Panel>
      <DeadLetters />
      <Replays />
      <Panel
        title="Anomalies"
        query={anomalies}
        empty={(d) => d.anomalies.length === 0 && 'Nothing was printed that cannot be.'}
      >
        {(data) => <AnomalyTable rows={data.anomalies} />}
      </Panel>
      <Panel
        title="Anomalies by kind"
        query={kinds}
        empty={(d) => d.kinds.length === 0 && 'Nothing was printed that cannot be.'}
      >
        {(data) => <KindTable rows={data.kinds} />}
      </Panel>
      <Audit />
      <Panel
        title="Ledger"
        query={stale}
        wide
        empty={(d) => d.snapshots.length === 0 && 'No snapshot in this window.'}
      >
        {(data) => <SnapshotTable label="The ledger, the newest first" rows={data.snapshots} fleet />}
      </Panel>
    </div>
  );
}

function Now({ data }: { readonly data: PipelineAnswer }) {
  const last = data.minutes.at(-2) ?? data.minutes.at(-1);
  const unknown = data.minutes.reduce((n, m) => n + m.unknown_fields, 0);
  return (
    <dl className="figures">
      <Figure label="Newest snapshot">{data.newest === null ? 'none' : <Moment at={data.newest} />}</Figure>
      <Figure label="Its age">
        {data.newest_age_s === null ? '–' : duration(Math.max(0, data.newest_age_s) * 1_000)}
      </Figure>
      {data.lag === null ? (
        <Figure label="Lag">Kafka does not answer</Figure>
      ) : (
        <>
          <Figure label="Waits for the processor" hint="messages">
            {number(data.lag.processor)}
          </Figure>
          <Figure label="Waits for the loader" hint="messages">
            {number(data.lag.loader)}
          </Figure>
          <Figure label="In the dead-letter topic">{number(data.lag.dead_letters)}</Figure>
        </>
      )}
      {last !== undefined && (
        <Figure label="In the last whole minute" hint={`${number(last.sessions)} sessions`}>
          {number(last.snapshots)} snapshots, {bytes(last.bytes)}
        </Figure>
      )}
      <Figure label="Values of unknown labels" hint="last hour">
        {number(unknown)}
      </Figure>
      <Figure label="Snapshots in all" hint={`${number(data.routers)} routers`}>
        {number(data.snapshots)}
      </Figure>
      <Figure label="Stored" hint={`${number(data.rows)} rows`}>
        {bytes(data.bytes)}
      </Figure>
    </dl>
  );
}

function KindTable({ rows }: { readonly rows: AnomalyKinds['kinds'] }) {
  return (
    <Table
      label="Anomalies by kind, the most first"
      rows={rows}
      keyOf={(k) => `${k.router} ${k.kind} ${k.field}`}
      most={12}
      columns={[
        { name: 'router', title: 'Router', cell: (k) => <RouterLink name={k.router} />, by: (k) => k.router },
        { name: 'kind', title: 'What', cell: (k) => k.kind.replaceAll('_', ' '), by: (k) => k.kind },
        { name: 'field', title: 'Field', cell: (k) => k.field, by: (k) => k.field },
        { name: 'count', title: 'Times', right: true, cell: (k) => number(k.count), by: (k) => k.count },
        { name: 'last', title: 'Last', cell: (k) => <Moment at={k.last} />, by: (k) => k.last },
        {
          name: 'newest',
          title: 'The newest',
          words: true,
          cell: (k) => (
            <>
              <SessionLink {...k} /> {value(k.before)} → {value(k.after)}
            </>
          ),
        },
      ]}
    />
  );
}

/** It reads much: only when someone asks. */
function Audit() {
  const { view } = useNavigation();
  const [asked, setAsked] = useState('');
  const address = addressOf('/api/operations/audit', rangeOf(view));
  const audit = useQuery<AuditAnswer, ApiError>({
    queryKey: [address, 'audit'],
    queryFn: ({ signal }) => ask<AuditAnswer>(address, { signal }),
    enabled: asked === address,
    staleTime: Infinity,
  });
  if (asked !== address)
    return (
      <section className="panel wide" aria-label="Does it add up?">
        <header>
          <h2>Does it add up?</h2>
          <button type="button" onClick={() => setAsked(address)}>
            Check the window
          </button>
        </header>
      </section>
    );
  return (
    <Panel title="Does it add up?" query={audit} wide>
      {(data) => (
        <>
          <p className={data.problems.length === 0 ? 'notice' : 'failure'}>
            {data.problems.length === 0
              ? 'Every message is accounted for.'
              : `${data.problems.length} problems`}
          </p>
          {data.problems.length > 0 && (
            <Table
              label="Problems"
              rows={data.problems}
              keyOf={(p, i) => `${p.kind} ${p.where} ${i}`}
              columns={[
                { name: 'kind', title: 'What', cell: (p) => p.kind.replaceAll('_', ' ') },
                { name: 'where', title: 'Where', cell: (p) => p.where },
                { name: 'detail', title: 'In words', words: true, cell: (p) => p.detail },
              ]}
            />
          )}
          <Table
            label="Accounts by partition"
            rows={data.accounts}
            keyOf={(a) => String(a.partition)}
            columns={[
              { name: 'partition', title: 'Partition', right: true, cell: (a) => a.partition },
              { name: 'messages', title: 'Messages', right: true, cell: (a) => number(a.messages) },
              { name: 'applied', title: 'Applied', right: true, cell: (a) => number(a.applied) },
              { name: 'stale', title: 'Stale', right: true, cell: (a) => number(a.stale) },
              { name: 'dead', title: 'Dead letters', right: true, cell: (a) => number(a.dead_lettered) },
            ]}
          />
        </>
      )}
    </Panel>
  );
}
