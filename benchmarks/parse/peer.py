"""What the peers in Python share: they are told to run, time themselves, and answer with a line of JSON."""

import hashlib
import json
import sys
import time

NAMES = [
    "tunnel_local_id",
    "session_local_id",
    "session_remote_id",
    "state",
    "interface_unit",
    "local_name",
    "remote_name",
    "call_serial_number",
    "data_tx_packets",
    "data_tx_bytes",
    "data_rx_packets",
    "data_rx_bytes",
]


def serve(read):
    """`read` gives the sessions of a capture's bytes, each a tuple in the order of NAMES. Arguments: files of captures."""
    captures = [open(name, "rb").read() for name in sys.argv[1:]]
    print("ready", flush=True)
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        sessions = [session for capture in captures for session in read(capture)]
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
        digest = hashlib.sha256()
        for session in sessions:
            digest.update(("|".join(session).lower() + "\n").encode())
        answer = {
            "work": sum(len(capture) for capture in captures) / 1e6,
            "seconds": seconds,
            "cpuSeconds": cpu_seconds,
            "hash": digest.hexdigest()[:16],
        }
        print(json.dumps(answer), flush=True)
