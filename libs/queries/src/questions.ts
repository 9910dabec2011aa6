/** The questions as others ask them: each answer with what it rests on. */
import * as audits from './audit.ts';
import * as bills from './billing.ts';
import * as ends from './both-ends.ts';
import * as busy from './busy.ts';
import * as capacity from './capacity.ts';
import * as changes from './churn.ts';
import type { QueryClient } from './client.ts';
import { covered, coveredAfter, coveredBlocks } from './covered.ts';
import * as diffs from './diff.ts';
import * as finds from './find.ts';
import * as fleet from './fleet.ts';
import * as happenings from './happenings.ts';
import * as limits from './limits.ts';
import * as listing from './listing.ts';
import * as named from './named-traffic.ts';
import * as others from './other-end.ts';
import * as rates from './rates.ts';
import * as snapshots from './replay-snapshots.ts';
import * as routers from './routers.ts';
import * as series from './series.ts';
import * as silence from './silence.ts';
import * as speeds from './speeds.ts';
import * as holders from './who-had.ts';

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
