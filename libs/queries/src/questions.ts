/** The questions as others ask them: each answer with what it rests on. */
import * as audits from './audit.ts';
import * as bills from './fleet/billing.ts';
import * as ends from './history/both-ends.ts';
import * as busy from './capacity/busy.ts';
import * as capacity from './capacity/capacity.ts';
import * as changes from './fleet/churn.ts';
import type { QueryClient } from './ask/client.ts';
import { covered, coveredAfter, coveredBlocks } from './ask/covered.ts';
import * as diffs from './state/diff.ts';
import * as finds from './history/find.ts';
import * as fleet from './fleet/fleet.ts';
import * as happenings from './outage/happenings.ts';
import * as limits from './capacity/limits.ts';
import * as listing from './state/listing.ts';
import * as named from './fleet/named-traffic.ts';
import * as others from './history/other-end.ts';
import * as rates from './fleet/rates.ts';
import * as snapshots from './replay/replay-snapshots.ts';
import * as routers from './fleet/routers.ts';
import * as series from './fleet/series.ts';
import * as silence from './fleet/silence.ts';
import * as speeds from './fleet/speeds.ts';
import * as holders from './history/who-had.ts';

const wholeAudit = covered((client, question: audits.AuditQuestion) => audits.audit(client, question));
export const audit = (
  client: QueryClient,
  question: audits.AuditQuestion = {},
): ReturnType<typeof wholeAudit> => wholeAudit(client, question);
export const auditStates = covered(audits.auditStates);

export const sessionsAt = coveredBlocks(listing.sessionsAt);
export const tunnelsAt = covered(listing.tunnelsAt);
export const routersAt = covered(routers.routersAt);
export const ledgerEntries = covered(routers.ledgerEntries);
export const diffStates = covered(diffs.diffStates);
export const find = covered(finds.find);
export const whoHad = covered(holders.whoHad);
export const sessionTraffic = covered(rates.sessionTraffic);
export const otherEndOf = covered(others.otherEndOf);

export const fleetAt = covered(fleet.fleetAt);
export const endsByReason = covered(fleet.endsByReason);
export const setupFailures = covered(fleet.setupFailures);
export const topTraffic = covered(fleet.topTraffic);
export const silentRouters = covered(fleet.silentRouters);
export const concurrency = covered(series.concurrency);
export const trafficOverTime = covered(rates.trafficOverTime);
export const churn = covered(changes.churn);
export const flapping = covered(changes.flapping);
export const anomaliesIn = covered(changes.anomaliesIn);
export const bothEnds = covered(ends.bothEnds);
export const quietSessions = covered(silence.quietSessions);
export const speedDrops = covered(speeds.speedDrops);
export const speedPlans = covered(speeds.speedPlans);
export const namedTraffic = covered(named.namedTraffic);
export const echoTimeouts = covered(named.echoTimeouts);
export const billing = coveredAfter(bills.billing);

export const sessionHappenings = covered(happenings.sessionHappenings);
export const routerHappenings = covered(happenings.routerHappenings);
export const anomalies = covered(happenings.anomalies);
export const deadLetters = covered(happenings.deadLetters);
export const pipelineAt = covered(happenings.pipelineAt);

export const busyHours = covered(capacity.busyHours);
export const busiestHours = covered(busy.busiestHours);
export const headroom = covered(capacity.headroom);
export const limitUses = covered(limits.limitUses);
export const imbalance = covered(limits.imbalance);
export const leftOut = covered(snapshots.leftOut);
