import { describe, expect, test } from 'vitest';
import { fields, indexOfField } from './catalogue.ts';

describe('the field catalogue', () => {
  test('names a field after its XML tag, with the exceptions that the domain gives', () => {
    const exceptions = new Map([
      ['l2tp-tunnel-local-id', 'tunnel_local_id'],
      ['l2tp-session-local-id', 'session_local_id'],
      ['l2tp-session-remote-id', 'session_remote_id'],
      ['interface-name', 'tunnel_interface_name'],
      ['tunnel-group-name', 'tunnel_group_name'],
      ['l2tp-up-time', 'up_time_s'],
      ['l2tp-idle-time', 'idle_time_s'],
    ]);
    for (const f of fields)
      for (const tag of f.tags) {
        const byRule = tag.replace(/^l2tp-(session-)?/, '').replaceAll('-', '_');
        expect(f.name).toBe(exceptions.get(tag) ?? byRule);
      }
  });

  test('has no name and no tag twice', () => {
    const names = fields.map((f) => f.name);
    const tags = fields.flatMap((f) => f.tags);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(tags).size).toBe(tags.length);
  });

  test('says of a field without label and tag whose printed value it shares', () => {
    for (const f of fields)
      if (f.labels.length === 0 && f.tags.length === 0)
        expect(indexOfField(f.partOf ?? '')).toBeGreaterThan(0);
  });

  test('covers every leaf of the published schema', () => {
    // Leaves of service-l2tp-session-information in the YANG of 23.1R1 to 24.4R1, without the counters.
    const leaves = (
      'interface-name tunnel-group-name l2tp-tunnel-local-id l2tp-session-local-id l2tp-session-remote-id ' +
      'l2tp-session-interface-unit l2tp-session-interface-name l2tp-session-state l2tp-session-admin-state ' +
      'l2tp-session-bundle-id l2tp-session-user-name l2tp-session-mode l2tp-session-local-ip l2tp-session-remote-ip ' +
      'l2tp-session-peer-ip l2tp-session-own-ip l2tp-session-local-name l2tp-session-remote-name ' +
      'l2tp-tunnel-switch-profile-name l2tp-session-local-mru l2tp-session-remote-mru l2tp-session-tx-speed ' +
      'l2tp-session-rx-speed l2tp-session-tx-speed-source l2tp-session-rx-speed-source l2tp-session-nas-port-type ' +
      'l2tp-session-nas-port l2tp-session-bearer-type l2tp-session-framing-type l2tp-session-lcp-renegotiation ' +
      'l2tp-session-authentication l2tp-session-interface-id l2tp-session-call-serial-number ' +
      'l2tp-session-policer-bandwidth l2tp-session-policer-burstsize l2tp-session-policer-exclude-bandwidth ' +
      'l2tp-session-firewall-filter l2tp-session-encapsulation-overhead l2tp-session-cell-overhead ' +
      'l2tp-session-tos-reflect l2tp-create-time l2tp-session-create-time l2tp-up-time l2tp-idle-time l2tp-statistics-since'
    ).split(' ');
    const known = new Set(fields.flatMap((f) => f.tags));
    expect(leaves.filter((leaf) => !known.has(leaf))).toEqual([]);
  });
});
