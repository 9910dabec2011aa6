/** `reel fleet-file check`: whether a fleet file says what it means. */
import { readFleet, type Fleet } from '@sessionreel/ops';
import type { Command } from 'commander';
import { column, printAnswer, section } from '../questions/answer.ts';
import { withOutput, type OutputForm } from '../terminal/output.ts';
import { processIo, type Io } from '../terminal/terminal.ts';

const help = `
    routers:
      lns1.example.net:
        timezone: Europe/Berlin       # IANA name of its clock's zone; default UTC
        release: 23.4R1
        site: Berlin
        role: lns                     # lac or lns
        platform: mx
        limits: { chassis: 128000, interface: 64000, tunnel: 65535 }
        peers: [lns2.example.net]     # who can take over its tunnels

Status 0 when it can be used; 2 when it can not, with a line for each problem.

Examples:
  $ reel fleet-file check fleet.yaml
`;

export function register(program: Command, io: Io = processIo): void {
  const file = program
    .command('fleet-file')
    .description('what no output of a router says: zones, sites, roles, limits, peers');
  withOutput(
    file
      .command('check')
      .description('reads a fleet file and says what is wrong with it')
      .argument('<file>', 'fleet.yaml'),
  )
    .addHelpText('after', help)
    .action(async (path: string, { output }: { output: OutputForm }) => await check(path, output, io));
}

type Row = { readonly name: string } & (Fleet['routers'] extends ReadonlyMap<string, infer R> ? R : never);

async function check(path: string, output: OutputForm, io: Io): Promise<void> {
  const { routers } = readFleet(path);
  const rows: Row[] = [...routers].map(([name, router]) => ({ name, ...router }));
  const limit = (kind: 'chassis' | 'interface' | 'tunnel') => (x: Row) => x.limits[kind] ?? null;
  const columns = [
    column<Row>('router', 'router', (x) => x.name),
    column<Row>('role', 'role', (x) => x.role),
    column<Row>('site', 'site', (x) => x.site),
    column<Row>('timezone', 'zone', (x) => x.timezone),
    column<Row>('release', 'release', (x) => x.release),
    column<Row>('platform', 'platform', (x) => x.platform),
    column<Row>('max_sessions_chassis', 'chassis', limit('chassis')),
    column<Row>('max_sessions_interface', 'interface', limit('interface')),
    column<Row>('max_sessions_tunnel', 'tunnel', limit('tunnel')),
    column<Row>('peers', 'peers', (x) => x.peers.join(' ')),
  ];
  await printAnswer(
    { sections: [section('router', 'routers', columns, rows)], notes: doubts({ routers }) },
    output,
    io,
  );
}

/** What may be meant, but is more often a slip. */
function doubts({ routers }: Fleet): string[] {
  const notes = [`${routers.size} routers: the file can be used`];
  for (const [name, { role, peers, limits }] of routers) {
    for (const peer of peers) {
      if (peer === name) notes.push(`${name}: it is a peer of its own`);
      else if (!routers.has(peer)) notes.push(`${name}: its peer ${peer} is not in the file`);
    }
    if (role === '') notes.push(`${name}: no role; sums are by role`);
    const { chassis, interface: one } = limits;
    if (chassis !== undefined && one !== undefined && one > chassis)
      notes.push(`${name}: an interface takes more sessions than the chassis`);
  }
  return notes;
}
