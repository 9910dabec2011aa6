"""TextFSM with a template for one layout, of the fields that are hashed."""

import io

import textfsm

import peer

TEMPLATE = r"""Value Filldown TUNNEL (\d+)
Value Required SESSION (\d+)
Value REMOTE (\d+)
Value STATE (\S+)
Value UNIT (\d+)
Value LOCAL (\S+)
Value PEER (\S+)
Value SERIAL (\d+)
Value TXP (\d+)
Value TXB (\d+)
Value RXP (\d+)
Value RXB (\d+)

Start
  ^Tunnel local ID:\s+\d+ -> Continue.Record
  ^Tunnel local ID:\s+${TUNNEL}
  ^\s+Session local ID:\s+\d+ -> Continue.Record
  ^\s+Session local ID:\s+${SESSION}, Session remote ID:\s+${REMOTE}
  ^\s+Interface unit:\s+${UNIT}
  ^\s+State:\s+${STATE}
  ^\s+Local name:\s+${LOCAL}, Remote name:\s+${PEER}
  ^\s+Call serial number:\s+${SERIAL}
  ^\s+Data Tx\s+${TXP}\s+${TXB}
  ^\s+Data Rx\s+${RXP}\s+${RXB}
"""


def read(capture):
    machine = textfsm.TextFSM(io.StringIO(TEMPLATE))
    rows = machine.ParseText(capture.decode())
    return [(t, s, r, state, unit, lo, re, sn, a, b, c, d) for t, s, r, state, unit, lo, re, sn, a, b, c, d in rows]


peer.serve(read)
