/** Whether it works: lag, throughput, ledger, anomalies, messages set aside. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  addressOf,
  ask,
  useAnswer,
  type AnomaliesAnswer,
  type ApiError,
  type AuditAnswer,
  type LettersAnswer,
  type PipelineAnswer,
  type SnapshotsAnswer,
} from '../api.ts';
import { Chart } from '../chart.tsx';
import { bytes, duration, number, visible } from '../format.ts';
import { Moment, RouterLink } from '../link.tsx';
import { Figure, Panel } from '../states.tsx';
import { Table } from '../table.tsx';
import { momentOf, rangeOf, useNavigation } from '../view.ts';
import { AnomalyTable, SnapshotTable } from './router.tsx';

export function Operations() {
  const { view } = useNavigation();
  const pipeline = useAnswer<PipelineAnswer>('/api/operations/pipeline', momentOf(view));
  const letters = useAnswer<LettersAnswer>('/api/operations/dead-letters', rangeOf(view));
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
      <Panel
        title="Dead letters"
        query={letters}
        empty={(d) => d.dead_letters.length === 0 && 'No message was set aside in this window.'}
      >
        {(data) => (
          <Table
            label="Dead letters"
            rows={data.dead_letters}
            keyOf={(l) => `${l.topic} ${l.source_partition} ${l.source_offset}`}
            most={20}
            columns={[
              { name: 'at', title: 'When', cell: (l) => <Moment at={l.at} />, by: (l) => l.at },
              {
                name: 'router',
                title: 'Router',
                cell: (l) => <RouterLink name={l.router} />,
                by: (l) => l.router,
              },
              { name: 'reason', title: 'Why', cell: (l) => visible(l.reason), by: (l) => l.reason },
              {
                name: 'place',
                title: 'Message',
                right: true,
                cell: (l) => `${l.source_partition}/${l.source_offset}`,
              },
              { name: 'bytes', title: 'Size', right: true, cell: (l) => bytes(l.bytes), by: (l) => l.bytes },
            ]}
          />
        )}
      </Panel>
      <Panel
        title="Anomalies"
        query={anomalies}
        empty={(d) => d.anomalies.length === 0 && 'Nothing was printed that cannot be.'}
      >
        {(data) => <AnomalyTable rows={data.anomalies} />}
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
                { name: 'detail', title: 'In words', cell: (p) => p.detail },
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
