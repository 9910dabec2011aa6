/** The listing byte for byte, to look at, copy and download. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addressOf, answered, routerPath, type ApiError } from '../api.ts';
import { Moment } from '../link.tsx';
import { Failure, Loading } from '../states.tsx';
import { momentOf, useNavigation } from '../view.ts';

interface Listing {
  readonly text: string;
  readonly asOf: string;
  readonly printedAt: string;
  readonly level: string;
  readonly format: string;
  readonly complete: boolean;
  readonly sessions: number;
  readonly ownWords: boolean;
}

/** More than this is not put on the screen at once (characters). */
const mostShown = 400_000;

export function Printed({ router }: { readonly router: string }) {
  const { view, change } = useNavigation();
  const level = view.parameters.get('level') ?? '';
  const display = view.parameters.get('display') ?? '';
  const parameters = { ...momentOf(view), level, display };
  const address = addressOf(`${routerPath(router)}/printed`, parameters);
  const listing = useQuery<Listing, ApiError>({
    queryKey: [address],
    queryFn: ({ signal }) => readListing(address, signal),
  });
  const [copied, setCopied] = useState('');
  const copy = async (text: string): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(address);
  };
  return (
    <section className="panel" aria-label="As the router printed it" aria-busy={listing.isFetching}>
      <header>
        <h2>As the router printed it</h2>
        <Choice
          label="Level"
          value={level}
          options={['', 'brief', 'detail', 'extensive', 'statistics']}
          onChoose={(v) => change({ level: v })}
        />
        <Choice
          label="Form"
          value={display}
          options={['', 'text', 'xml', 'json']}
          onChoose={(v) => change({ display: v })}
        />
        <button
          type="button"
          disabled={listing.data === undefined}
          onClick={() => void copy(listing.data?.text ?? '')}
        >
          {copied === address ? 'Copied' : 'Copy'}
        </button>
        <a
          className="button"
          href={addressOf(`${routerPath(router)}/printed`, { ...parameters, download: 'yes' })}
        >
          Download
        </a>
      </header>
      {listing.error !== null && <Failure error={listing.error} retry={() => void listing.refetch()} />}
      {listing.data === undefined ? listing.error === null && <Loading /> : <Shown listing={listing.data} />}
    </section>
  );
}

function Shown({ listing }: { readonly listing: Listing }) {
  const { text, asOf, printedAt, level, format, complete, sessions, ownWords } = listing;
  const cut = text.length > mostShown;
  return (
    <>
      <p className="quiet">
        {sessions.toLocaleString('en')} sessions, {level} {format}, as of <Moment at={asOf} />
        {printedAt !== asOf && (
          <>
            , printed as at <Moment at={printedAt} />
          </>
        )}
        {!complete && ' – that listing was not whole'}
        {!ownWords && ' – user names are masked, so that these are not the router’s own bytes'}
      </p>
      <pre className="printed scroll" tabIndex={0} aria-label="The listing">
        {cut ? text.slice(0, mostShown) : text}
      </pre>
      {cut && (
        <p className="notice">
          The first {mostShown.toLocaleString('en')} characters. Copy and Download give all of it.
        </p>
      )}
    </>
  );
}

async function readListing(address: string, signal: AbortSignal): Promise<Listing> {
  const response = await answered(address, { signal });
  const header = (name: string): string => response.headers.get(`reel-${name}`) ?? '';
  return {
    text: await response.text(),
    asOf: header('as-of'),
    printedAt: header('printed-at'),
    level: header('level'),
    format: header('format'),
    complete: header('complete') === 'true',
    sessions: Number(header('sessions')),
    ownWords: header('own-words') === 'true',
  };
}

function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChoose: (value: string | null) => void;
}) {
  return (
    <label>
      {props.label}{' '}
      <select
        value={props.value}
        onChange={(e) => props.onChoose(e.target.value === '' ? null : e.target.value)}
      >
        {props.options.map((o) => (
          <option key={o} value={o}>
            {o === '' ? 'as captured' : o}
          </option>
        ))}
      </select>
    </label>
  );
}
