/** Every question's answer says over which snapshots it was computed and where data is missing: put on here, so that none can forget it. */
import { QuestionError, type AskOptions, type QueryClient } from './client.ts';
import { coverageAt, coverageOf, type Coverage } from './coverage.ts';

/** An answer with what it rests on: a list has it beside its elements. */
export type Covered<A> = A & { readonly coverage: Coverage };

/** What a question says of when and of whom. ms UTC. */
interface Asked extends AskOptions {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly at?: number | undefined;
  readonly router?: string | undefined;
  readonly routers?: readonly string[] | undefined;
}

type Ask<Q, A> = (client: QueryClient, question: Q) => Promise<A>;

/** A question about a range or a moment. */
export function covered<Q extends Asked, A extends object>(ask: Ask<Q, A>): Ask<Q, Covered<A>> {
  return async (client, question) => {
    const [answer, coverage] = await Promise.all([ask(client, question), coverageFor(client, question)]);
    return withCoverage(answer, coverage);
  };
}

/** A question whose answer says which range it is about. */
export function coveredAfter<Q extends AskOptions, A extends { readonly from: number; readonly to: number }>(
  ask: Ask<Q, A>,
): Ask<Q, Covered<A>> {
  return async (client, question) => {
    const answer = await ask(client, question);
    const { from, to } = answer;
    return withCoverage(answer, await coverageOf(client, { ...within(question), from, to }));
  };
}

/** A question that is answered in blocks: each carries it, and there is at least one. */
export function coveredBlocks<Q extends Asked, Row>(
  ask: (client: QueryClient, question: Q) => AsyncIterable<Row[]>,
): (client: QueryClient, question: Q) => AsyncGenerator<Covered<readonly Row[]>> {
  return async function* (client, question) {
    const asked = coverageFor(client, question);
    // Until it is waited for it is nobody's failure.
    asked.catch(() => undefined);
    let blocks = 0;
    for await (const block of ask(client, question)) {
      blocks++;
      yield withCoverage(block, await asked);
    }
    if (blocks === 0) yield withCoverage([] as readonly Row[], await asked);
  };
}

/** Puts it on. Of a list it is no element: programs that print the list do not meet it. */
export function withCoverage<A extends object>(answer: A, coverage: Coverage): Covered<A> {
  return Object.defineProperty(answer, 'coverage', {
    value: coverage,
    enumerable: !Array.isArray(answer),
    configurable: true,
    writable: true,
  }) as Covered<A>;
}

async function coverageFor(client: QueryClient, question: Asked): Promise<Coverage> {
  const options = within(question);
  if (question.at !== undefined) return await coverageAt(client, { ...options, at: question.at });
  const { from = 0, to = Date.now() } = question;
  if (from > to) throw new QuestionError('the time to begin from is after the time to end at');
  return await coverageOf(client, { ...options, from, to });
}

function within({
  limits,
  signal,
  router,
  routers,
}: Asked): AskOptions & { readonly routers?: readonly string[] } {
  const names = routers ?? (router === undefined ? undefined : [router]);
  return {
    ...(limits === undefined ? {} : { limits: { ...limits, rows: Math.max(limits.rows ?? 0, 1_000_000) } }),
    ...(signal === undefined ? {} : { signal }),
    ...(names === undefined ? {} : { routers: names }),
  };
}
