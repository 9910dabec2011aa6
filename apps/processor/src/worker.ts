/** The entry of a worker thread. */
import { learnSchemas } from '@sessionreel/session-events';
import { givenToWorker, moving } from '@sessionreel/workers';
import { Host } from './host.ts';
import { L2tpMachine } from './l2tp-machine.ts';
import type { DoneResult, EventsResult, Task } from './tasks.ts';
import type { WorkerData } from './worker-data.ts';

const { expansionLimit, timezones, eventSchemas, schemaId } = givenToWorker() as WorkerData;
if (eventSchemas !== '') learnSchemas(eventSchemas);
const host = new Host(
  (router) =>
    new L2tpMachine(router, {
      timezone: timezones.get(router) ?? 'UTC',
      expansionLimit,
      framing: { schemaId },
    }),
);

export default function run(task: Task): DoneResult | EventsResult {
  const result = host.run(task);
  if (!('buffer' in result)) return result;
  if (task.kind !== 'process') return moving(result, [result.buffer]);
  return moving({ ...result, input: task.buffer }, [result.buffer, task.buffer]);
}
