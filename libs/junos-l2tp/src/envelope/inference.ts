/** What the fields of a listing tell where no command does. */
import {
  Presence,
  getPresence,
  indexOfField,
  type Format,
  type Level,
  type Variant,
} from '@sessionreel/session-model';

function wasSeen(seen: Uint32Array, name: string): boolean {
  return getPresence(seen, 0, indexOfField(name)) !== Presence.absent;
}

/** The level of a listing by its fields. `seen`: presence of all that was printed. */
export function inferLevel(seen: Uint32Array): Level {
  if (['create_time', 'authentication', 'bearer_type', 'tx_speed', 'up_time_s'].some((f) => wasSeen(seen, f)))
    return 'extensive';
  if (wasSeen(seen, 'statistics_since') || wasSeen(seen, 'data_tx_packets')) return 'statistics';
  return ['mode', 'local_ip', 'remote_ip', 'local_name'].some((f) => wasSeen(seen, f)) ? 'detail' : 'brief';
}

/** Who printed a listing, by its fields and the name of an interface; null when they do not tell. */
export function inferVariant(seen: Uint32Array, format: Format, lastInterface: () => string): Variant | null {
  if (format !== 'text') return variantOfInterface(lastInterface());
  const m = ['tunnel_interface_name', 'tunnel_group_name', 'bundle_id', 'user_name', 'local_mru'];
  if (m.some((f) => wasSeen(seen, f))) return 'lns-m';
  if (wasSeen(seen, 'statistics_since') || wasSeen(seen, 'data_tx_packets')) return 'lns-mx';
  const variant = variantOfInterface(lastInterface());
  if (variant !== null) return variant;
  return wasSeen(seen, 'interface_id') || wasSeen(seen, 'tx_speed_source') ? 'lac' : null;
}

/** What the kind of an interface tells: `si-` exists on MX only, `sp-` on M, `pp0` on a LAC. */
function variantOfInterface(name: string): Variant | null {
  if (name.startsWith('si-')) return 'lns-mx';
  if (name.startsWith('sp-')) return 'lns-m';
  return name.startsWith('pp') ? 'lac' : null;
}
