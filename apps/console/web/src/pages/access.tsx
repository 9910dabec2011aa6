/** For admins: tokens, and who asked for what. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { change, useAnswer, useMay, type AuditLog, type NewToken, type TokensAnswer } from '../api.ts';
import { Confirm, ResultLine, resultOf, type Result } from '../confirm.tsx';
import { fieldText, number, visible } from '../format.ts';
import { Moment } from '../link.tsx';
import { Panel } from '../states.tsx';
import { Table } from '../table.tsx';

const base = '/api/admin/tokens';

export function Access() {
  const may = useMay('admin');
  if (!may)
    return (
      <section className="panel" aria-label="Access">
        <p className="nothing">Tokens and the audit log are for the role admin.</p>
      </section>
    );
  return (
    <div className="grid">
      <Tokens />
      <Log />
    </div>
  );
}

function Tokens() {
  const tokens = useAnswer<TokensAnswer>(base);
  const queries = useQueryClient();
  const [result, setResult] = useState<Result | null>(null);
  const [made, setMade] = useState<NewToken | null>(null);
  const make = async (form: HTMLFormElement): Promise<void> => {
    setMade(null);
    const days = fieldText(form, 'days');
    const list = (name: string): string[] =>
      fieldText(form, name)
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '');
    const done = await resultOf(
      change<NewToken>('POST', base, {
        name: fieldText(form, 'name'),
        role: fieldText(form, 'role'),
        sites: list('sites'),
        routers: list('routers'),
        expires_at: days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
      }).then((token) => {
        setMade(token);
        form.reset();
        return token;
      }),
      (token) => `The token of ${token.name} is made.`,
    );
    setResult(done);
    await queries.invalidateQueries({ queryKey: [base] });
  };
  const revoke = async (id: string, name: string): Promise<void> => {
    setResult(await resultOf(change('DELETE', `${base}/${id}`), () => `The token of ${name} has ended.`));
    await queries.invalidateQueries({ queryKey: [base] });
  };
  return (
    <Panel title="Tokens" query={tokens} wide>
      {(data) => (
        <>
          <NewTokenForm make={make} />
          <ResultLine result={result} />
          {made !== null && <Secret token={made} close={() => setMade(null)} />}
          {data.tokens.length === 0 ? (
            <p className="nothing">
              There is no token. Who is at this machine needs none unless access control is on.
            </p>
          ) : (
            <Table
              label="Tokens"
              rows={data.tokens}
              keyOf={(t) => t.id}
              columns={[
                { name: 'name', title: 'Name', cell: (t) => visible(t.name), by: (t) => t.name },
                { name: 'role', title: 'Role', cell: (t) => t.role, by: (t) => t.role },
                {
                  name: 'sites',
                  title: 'Sites',
                  words: true,
                  cell: (t) => t.sites.join(', ') || (t.routers.length === 0 ? 'all' : '–'),
                },
                {
                  name: 'routers',
                  title: 'Routers',
                  words: true,
                  cell: (t) => t.routers.join(', ') || (t.sites.length === 0 ? 'all' : '–'),
                },
                {
                  name: 'created',
                  title: 'Made',
                  cell: (t) => <Moment at={t.created_at} lead={false} />,
                  by: (t) => t.created_at,
                },
                {
                  name: 'expires',
                  title: 'Ends',
                  cell: (t) =>
                    t.expires_at === null ? (
                      'when it is revoked'
                    ) : Date.parse(t.expires_at) <= Date.now() ? (
                      <span className="act">has ended</span>
                    ) : (
                      <Moment at={t.expires_at} lead={false} />
                    ),
                  by: (t) => t.expires_at ?? '',
                },
                {
                  name: 'revoke',
                  title: 'Change',
                  cell: (t) => (
                    <Confirm
                      label="Revoke"
                      of={`the token of ${t.name}`}
                      question={`End the token of ${visible(t.name)} now?`}
                      onYes={() => revoke(t.id, t.name)}
                    />
                  ),
                },
              ]}
            />
          )}
        </>
      )}
    </Panel>
  );
}

function NewTokenForm({ make }: { readonly make: (form: HTMLFormElement) => Promise<void> }) {
  return (
    <details className="filters">
      <summary>Make a token</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make(event.currentTarget);
        }}
      >
        <label>
          Whose
          <input name="name" required maxLength={100} autoComplete="off" />
        </label>
        <label>
          Role
          <select name="role">
            <option value="view">view: reads</option>
            <option value="operator">operator: dead letters and replays</option>
            <option value="admin">admin: tokens as well</option>
          </select>
        </label>
        <label>
          Only sites
          <input name="sites" placeholder="all; or Berlin, Hamburg" autoComplete="off" />
        </label>
        <label>
          Only routers
          <input name="routers" placeholder="all; or lns1, lns2" autoComplete="off" />
        </label>
        <label>
          Ends
          <select name="days">
            <option value="">when it is revoked</option>
            <option value="1">after a day</option>
            <option value="30">after 30 days</option>
            <option value="365">after a year</option>
          </select>
        </label>
        <button type="submit">Make</button>
      </form>
    </details>
  );
}

/** Told once: the console keeps its hash only. */
function Secret({ token, close }: { readonly token: NewToken; readonly close: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="notice" role="group" aria-label="The new token">
      <p>
        The token of {visible(token.name)}. It is shown this once:{' '}
        <code className="secret">{token.token}</code>
      </p>
      <p className="actions">
        <button
          type="button"
          onClick={() => void navigator.clipboard.writeText(token.token).then(() => setCopied(true))}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" onClick={close}>
          I have it
        </button>
      </p>
    </div>
  );
}

function Log() {
  const log = useAnswer<AuditLog>('/api/admin/audit-log', { limit: 500 });
  const [changes, setChanges] = useState(false);
  return (
    <Panel
      title="Who asked for what"
      query={log}
      wide
      aside={
        <label>
          <input type="checkbox" checked={changes} onChange={(e) => setChanges(e.target.checked)} /> changes
          only
        </label>
      }
      empty={(d) => d.entries.length === 0 && 'Nobody has asked for anything yet.'}
    >
      {(data) => (
        <Table
          label="Who asked for what, the newest first"
          rows={changes ? data.entries.filter((e) => e.did !== '') : data.entries}
          keyOf={(e, i) => `${e.at} ${e.who} ${i}`}
          most={50}
          columns={[
            { name: 'at', title: 'When', cell: (e) => <Moment at={e.at} lead={false} /> },
            { name: 'name', title: 'Who', cell: (e) => visible(e.name) || 'nobody known' },
            { name: 'from', title: 'From', cell: (e) => e.from },
            { name: 'did', title: 'Did', words: true, cell: (e) => visible(e.did) },
            { name: 'url', title: 'Asked for', words: true, cell: (e) => `${e.method} ${visible(e.url)}` },
            { name: 'status', title: 'Status', right: true, cell: (e) => String(e.status) },
            { name: 'ms', title: 'Took (ms)', right: true, cell: (e) => number(e.ms) },
          ]}
        />
      )}
    </Panel>
  );
}
