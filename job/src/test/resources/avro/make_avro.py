"""Writes the Avro files of this directory: python make_avro.py. Needs fastavro, cramjam and zstandard."""
import datetime
import decimal
import sys
import types as modules
from pathlib import Path

import zstandard

# fastavro asks for backports.zstd, which is another name of this library.
zstd = modules.ModuleType("backports.zstd")
zstd.compress = lambda data, *rest: zstandard.ZstdCompressor().compress(data)
sys.modules["backports"] = modules.ModuleType("backports")
sys.modules["backports"].zstd = sys.modules["backports.zstd"] = zstd

import fastavro  # noqa: E402

HERE = Path(__file__).parent
TOKENS = [[0, 1, 0], [1, 1], [0], [1, 0, 0, 1, 1]]
UTC = datetime.timezone.utc


def write(name, schema, rows, codec="null"):
    parsed = fastavro.parse_schema(schema)
    with open(HERE / name, "wb") as out:
        # A fixed marker between blocks makes two runs of this script the same bytes.
        fastavro.writer(out, parsed, rows, codec=codec, sync_marker=b"sluice test file", sync_interval=40)


def record(**fields):
    return {"type": "record", "name": "Event", "namespace": "shop", "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def array(items):
    return {"type": "array", "items": items}


# The same sequences with each codec.
for codec in ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"]:
    write(f"codec-{codec}.avro", record(id="long", tokens=array("int")),
          [{"id": i, "tokens": t} for i, t in enumerate(TOKENS)], codec)
# The same sequences in each type that a schema may state for them.
WORDS = ["left", "right"]
types = {
    "ids_int": (array("int"), lambda t: t),
    "ids_long": (array("long"), lambda t: t),
    "ids_float": (array("float"), lambda t: [float(i) for i in t]),
    "ids_double": (array("double"), lambda t: [float(i) for i in t]),
    "ids_decimal": (array({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 0}),
                    lambda t: [decimal.Decimal(i) for i in t]),
    "ids_int_or_long": (array(["int", "long"]), lambda t: t),
    "ids_or_null": (["null", array(["null", "int"])], lambda t: t),
    "null_last": ([array(["long", "null"]), "null"], lambda t: t),
    "words": (array("string"), lambda t: [WORDS[i] for i in t]),
    "enums": (array({"type": "enum", "name": "Side", "symbols": WORDS}), lambda t: [WORDS[i] for i in t]),
    "text": ("string", lambda t: " ".join(WORDS[i] for i in t)),
    "nested": ({"type": "record", "name": "Click", "fields": [{"name": "tokens", "type": array("int")}]}, lambda t: {"tokens": t}),
    "raw": (array("bytes"), lambda t: [bytes([i]) for i in t]),
    "fixed": (array({"type": "fixed", "name": "One", "size": 1}), lambda t: [bytes([i]) for i in t]),
    "either": (array(["int", "string"]), lambda t: t),
}
write("types.avro", record(id="long", **{name: schema for name, (schema, _) in types.items()}),
      [{"id": i, **{name: value(t) for name, (_, value) in types.items()}} for i, t in enumerate(TOKENS)])

# A null list, and a null in a list.
write("nulls.avro", record(id="long", tokens=["null", array(["null", "int"])]),
      [{"id": 0, "tokens": TOKENS[0]}, {"id": 1, "tokens": None}, {"id": 2, "tokens": [0, None]}])

# A row an event, in no order; times of each kind have the same order.
base = datetime.datetime(2026, 11, 22, 12, 0, 0)
events = []
for user, tokens in enumerate(TOKENS):
    for step, token in enumerate(tokens):
        time = base + datetime.timedelta(milliseconds=step, seconds=-user)
        events.append({
            "user": f"u{user}", "token": token, "millis": time.replace(tzinfo=UTC), "micros": time.replace(tzinfo=UTC),
            "local": time, "day": base.date() + datetime.timedelta(days=step), "text": time.isoformat(timespec="milliseconds"),
        })
events.sort(key=lambda event: (event["token"], event["text"], event["user"]))
write("events.avro", record(
    user="string", token="int",
    millis={"type": "long", "logicalType": "timestamp-millis"}, micros={"type": "long", "logicalType": "timestamp-micros"},
    local={"type": "long", "logicalType": "local-timestamp-micros"}, day={"type": "int", "logicalType": "date"}, text="string"), events)

# Later files of a producer whose schema has grown.
write("later-long.avro", record(id="long", tokens=array("long"), channel="string"),
      [{"id": i + 10, "tokens": t, "channel": "web"} for i, t in enumerate(TOKENS)], "deflate")
write("later-large.avro", record(id="long", tokens=array("long")), [{"id": 20, "tokens": [0, 5_000_000_000]}])
write("later-without.avro", record(id="long", words=array("string")), [{"id": 30, "words": ["left"]}])
