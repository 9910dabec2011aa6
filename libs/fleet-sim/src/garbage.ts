/** What a router or a collector gives instead of a listing. */
import type { Prng } from './prng.ts';

const replies = [
  'error: l2tp subsystem not running\n',
  'error: command is not valid on the mx104\n',
  'error: timeout communicating with jl2tpd daemon\n',
  'warning: jl2tpd subsystem not running - not needed by configuration.\n',
  '                                ^\nsyntax error, expecting <command>.\n',
  'Connection to lns closed by remote host.\n',
  'Interface               Admin Link Proto    Local                 Remote\nge-0/0/0                up    up\nge-0/0/0.0              up    up   inet     192.0.2.1/24\n',
  'Physical interface: si-5/2/0, Enabled, Physical link is Up\n  Interface index: 145, SNMP ifIndex: 522\n',
  '<rpc-reply xmlns:junos="http://xml.juniper.net/junos/17.4R1/junos">\n<xnm:error xmlns="http://xml.juniper.net/xnm/1.1/xnm"><message>timeout communicating with jl2tpd daemon</message></xnm:error>\n</rpc-reply>\n',
  '<rpc-reply><rpc-error><error-type>application</error-type><error-severity>error</error-severity><error-message>syntax error</error-message></rpc-error></rpc-reply>\n',
  '{"error":[{"message":[{"data":"timeout"}]}]}\n',
  '',
  '\n\n\n',
];

export function garbage(prng: Prng): Uint8Array {
  if (prng.chance(0.15)) return Uint8Array.from({ length: prng.int(1, 4000) }, () => prng.int(0, 255));
  return Buffer.from(prng.pick(replies));
}
