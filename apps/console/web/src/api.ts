/** The console's API: JSON with integers of any size, problems as errors. */
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { z } from 'zod';
import type * as access from '../../src/schemas/access.ts';
import type * as fleet from '../../src/schemas/fleet.ts';
import type * as planning from '../../src/schemas/planning.ts';
import type * as lines from '../../src/schemas/lines.ts';
import type * as operations from '../../src/schemas/operations.ts';
import type * as routers from '../../src/schemas/routers.ts';

export type Me = z.output<typeof access.meAnswer>;
export type FieldFacts = z.output<typeof access.fieldsAnswer>['fields'][number];
export type FleetCounts = z.output<typeof fleet.fleetAnswer>;
export type SeriesAnswer = z.output<typeof fleet.seriesAnswer>;
export type TrafficAnswer = z.output<typeof fleet.trafficAnswer>;
export type EndsAnswer = z.output<typeof fleet.endsAnswer>;
export type FailuresAnswer = z.output<typeof fleet.failuresAnswer>;
export type EventsAnswer = z.output<typeof fleet.happeningsAnswer>;
export type MassAnswer = z.output<typeof fleet.massAnswer>;
export type WhatHappened = z.output<typeof fleet.whatHappenedAnswer>;
export type Change = z.output<typeof fleet.change>;
export type RouterSummary = z.output<typeof fleet.routerSummary>;
export type RoutersAnswer = z.output<typeof routers.routersAnswer>;
export type TunnelsAnswer = z.output<typeof routers.tunnelsAnswer>;
export type SnapshotsAnswer = z.output<typeof routers.snapshotsAnswer>;
export type SessionAnswer = z.output<typeof routers.sessionAnswer>;
export type HistoryAnswer = z.output<typeof routers.historyAnswer>;
export type SessionTraffic = z.output<typeof routers.sessionTrafficAnswer>;
export type DiffAnswer = z.output<typeof routers.diffAnswer>;
export type FindAnswer = z.output<typeof planning.findAnswer>;
export type BusyAnswer = z.output<typeof planning.busyAnswer>;
export type LimitsAnswer = z.output<typeof planning.limitsAnswer>;
export type GrowthAnswer = z.output<typeof planning.growthAnswer>;
export type WhatIfAnswer = z.output<typeof planning.whatIfAnswer>;
export type BothEndsAnswer = z.output<typeof planning.bothEndsAnswer>;
export type OtherEndAnswer = z.output<typeof planning.otherEndAnswer>;
export type PipelineAnswer = z.output<typeof planning.pipelineAnswer>;
export type AnomaliesAnswer = z.output<typeof planning.anomaliesAnswer>;
export type AuditAnswer = z.output<typeof planning.auditAnswer>;
export type OpenLetters = z.output<typeof operations.openLettersAnswer>;
export type OpenLetter = z.output<typeof operations.letterAnswer>;
export type ReplaysAnswer = z.output<typeof operations.replaysAnswer>;
export type Replay = z.output<typeof operations.replayAnswer>;
export type TokensAnswer = z.output<typeof access.tokensAnswer>;
export type NewToken = z.output<typeof access.newTokenAnswer>;
export type AuditLog = z.output<typeof access.auditLogAnswer>;
export type TopAnswer = z.output<typeof lines.topAnswer>;
export type BillingAnswer = z.output<typeof lines.billingAnswer>;
export type EchoAnswer = z.output<typeof lines.echoAnswer>;
export type QuietAnswer = z.output<typeof lines.quietAnswer>;
export type SpeedPlans = z.output<typeof lines.speedPlansAnswer>;
export type SpeedDrops = z.output<typeof lines.speedDropsAnswer>;
export type ChurnAnswer = z.output<typeof lines.churnAnswer>;
export type AnomalyKinds = z.output<typeof lines.anomalyKindsAnswer>;
export type FleetDiffAnswer = z.output<typeof lines.fleetDiffAnswer>;
export type ImbalanceAnswer = z.output<typeof lines.imbalanceAnswer>;
export type FlappingAnswer = z.output<typeof planning.flappingAnswer>;
export type Coverage = WhatHappened['coverage'];
export type Value = string | number | bigint | null | undefined;

export type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** What the API says went wrong. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export function addressOf(path: string, parameters: Parameters = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

export async function ask<T>(address: string, init: RequestInit = {}): Promise<T> {
  const response = await answered(address, init);
  return parse(await response.text()) as T;
}

/** @throws ApiError with the problem's detail, also when nobody answers */
export async function answered(address: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError(0, 'The console does not answer. Is it still running?');
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  if (response.status === 401) window.dispatchEvent(new Event('reel-logged-out'));
  throw new ApiError(response.status, problem.detail ?? `status ${response.status}`);
}

/** Changes something. @throws ApiError */
export const change = <T>(method: 'POST' | 'DELETE', address: string, body?: object): Promise<T> =>
  ask<T>(address, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** Integers beyond 2^53 become bigint, where the browser tells their text. */
function parse(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? '0')
      : value,
  );
}

/** An answer that is asked again when what it rests on changes; the one before stays on the screen meanwhile. */
export function useAnswer<T>(
  path: string,
  parameters: Parameters = {},
  enabled = true,
): UseQueryResult<T, ApiError> {
  const address = addressOf(path, parameters);
  return useQuery<T, ApiError>({
    queryKey: [address],
    queryFn: ({ signal }) => ask<T>(address, { signal }),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** Whether whoever looks may do what wants the role. */
export function useMay(role: 'operator' | 'admin'): boolean {
  const me = useAnswer<Me>('/api/me');
  const order = ['view', 'operator', 'admin'];
  return order.indexOf(me.data?.principal?.role ?? '') >= order.indexOf(role);
}

export const routerPath = (router: string): string => `/api/routers/${encodeURIComponent(router)}`;
export const sessionPath = (router: string, tunnel: number, session: number): string =>
  `${routerPath(router)}/tunnels/${tunnel}/sessions/${session}`;
