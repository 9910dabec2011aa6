/** The catalogue's labels as the text reader needs them. Labels are met whatever their case. */
import { counterFields, fieldIndex, fields, indexOfField } from '@sessionreel/session-model';

/** Stands for "a label that the catalogue does not know". */
export const unknownField = -1;

/** Fields of a tunnel's header by label, in lower case. */
export const headerLabels: ReadonlyMap<string, number> = labelsOf('tunnel');

/** Fields of a session by label, in lower case. */
export const bodyLabels: ReadonlyMap<string, number> = labelsOf('session');

/** As `bodyLabels`, for a session's first line where no header names the tunnel: the line may carry both ids. */
export const firstLineLabels: ReadonlyMap<string, number> = labelsOf('session').set(
  'tunnel local id',
  indexOfField('tunnel_local_id'),
);

function labelsOf(scope: 'tunnel' | 'session'): Map<string, number> {
  const labels = new Map<string, number>();
  fields.forEach((f, index) => {
    if (f.scope !== scope || f.role === 'counter') return;
    for (const label of f.labels) labels.set(label.toLowerCase(), index);
  });
  return labels;
}

/** Fields of a row of the counters' table, in the order of its columns: packets, bytes. */
export interface CounterRow {
  readonly label: string;
  readonly fields: readonly number[];
}

/** Rows of the counters' table by label, in lower case. */
export const counterRows: ReadonlyMap<string, CounterRow> = new Map(
  counterFields
    .flatMap((f) => f.labels)
    .map((label): [string, CounterRow] => {
      const of = counterFields.filter((f) => f.labels.includes(label));
      const inOrder = [...of].sort((a, b) => Number(a.unit === 'bytes') - Number(b.unit === 'bytes'));
      return [label.toLowerCase(), { label, fields: inOrder.map((f) => indexOfField(f.name)) }];
    }),
);

/**
 * Fields whose text somebody outside chooses (subscribers above all, peers, operators): it may hold commas, colons and labels. The
 * other texts are the router's own words.
 */
export const freeTextFields: ReadonlySet<number> = new Set(
  [
    'user_name',
    'local_name',
    'remote_name',
    'tunnel_group_name',
    'interface_id',
    'firewall_filter',
    'tunnel_switch_profile_name',
  ].map(indexOfField),
);

/**
 * Which field follows the texts that strangers choose, on their line in the reference outputs. For the names that operators choose,
 * that each field is printed once decides.
 */
export const referenceNext: ReadonlyMap<number, readonly number[]> = new Map(
  (
    [
      ['tunnel_group_name', 'tunnel_local_id'],
      ['user_name', 'peer_ip'],
    ] as const
  ).map(([from, to]) => [indexOfField(from), [indexOfField(to)]]),
);

/** Fields of the brief table's columns by the words of its two header lines, in lower case. */
export const columnFields: ReadonlyMap<string, number> = new Map(
  (
    [
      ['local id', 'session_local_id'],
      ['remote id', 'session_remote_id'],
      ['interface unit', 'interface_unit'],
      ['interface name', 'interface_name'],
      ['interface', 'interface_name'],
      ['state', 'state'],
      ['bundle', 'bundle_id'],
      ['bundle id', 'bundle_id'],
      ['username', 'user_name'],
      ['user name', 'user_name'],
    ] as const
  ).map(([words, name]) => [words, fieldIndex.get(name) as number]),
);
