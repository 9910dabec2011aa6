"""Apache Avro for Python as the second reader of our bytes.

Standard input: JSON lines. {"schema": ...} asks for canonical form and fingerprint; {"ocf": base64} for the records of an object
container file; {"datum": base64, "writer": ..., "reader": ...} for a datum resolved to the reader's schema.
Standard output: a JSON line for each. Integers are strings (JavaScript's numbers are not exact), bytes are hexadecimal.
"""

import base64
import datetime
import io
import json
import sys

import avro.datafile
import avro.io
import avro.schema

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(value):
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return str((value - EPOCH) // datetime.timedelta(milliseconds=1))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value]


def answer(question):
    if "schema" in question:
        schema = avro.schema.parse(json.dumps(question["schema"]))
        return {"canonical": schema.canonical_form, "fingerprint": schema.fingerprint().hex()}
    if "ocf" in question:
        file = io.BytesIO(base64.b64decode(question["ocf"]))
        with avro.datafile.DataFileReader(file, avro.io.DatumReader()) as reader:
            return [plain(record) for record in reader]
    writer = avro.schema.parse(json.dumps(question["writer"]))
    reader = avro.schema.parse(json.dumps(question["reader"]))
    decoder = avro.io.BinaryDecoder(io.BytesIO(base64.b64decode(question["datum"])))
    return plain(avro.io.DatumReader(writer, reader).read(decoder))


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
