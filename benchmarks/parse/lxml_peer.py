"""lxml: the tree of a reply, and of it the fields that are hashed."""

from lxml import etree

import peer

TAGS = [
    "l2tp-session-local-id",
    "l2tp-session-remote-id",
    "l2tp-session-state",
    "l2tp-session-interface-unit",
    "l2tp-session-local-name",
    "l2tp-session-remote-name",
    "l2tp-session-call-serial-number",
    "l2tp-data-tx-packets",
    "l2tp-data-tx-bytes",
    "l2tp-data-rx-packets",
    "l2tp-data-rx-bytes",
]


def read(capture):
    root = etree.fromstring(capture[capture.index(b"<") : capture.rindex(b">") + 1])
    sessions = []
    for tunnel in root.iter("{*}l2tp-per-tunnel-session-table"):
        tunnel_id = tunnel.findtext("{*}l2tp-tunnel-local-id") or ""
        for entry in tunnel.iter("{*}l2tp-session-entry"):
            leaves = {etree.QName(leaf).localname: leaf.text or "" for leaf in entry}
            sessions.append((tunnel_id, *(leaves.get(tag, "") for tag in TAGS)))
    return sessions


peer.serve(read)
