"""Writes the keys of sessions.jsonl as a log: one event a line, in no order.

    python make_events.py

The times are made up. As in the log, several events of a block have the same second, and the line number tells which came first.
"""

import datetime
import json
import random

random.seed(22)
first = datetime.datetime(2008, 11, 9, 20, 35)
events = []
for line in open("sessions.jsonl"):
    session = json.loads(line)
    time = first + datetime.timedelta(seconds=random.randrange(3600))
    for step, key in enumerate(session["tokens"]):
        events.append((time, session["id"], step, key))
        time += datetime.timedelta(seconds=random.choice((0, 0, 0, 1, 1, 2, 7)))
events.sort()
lines = [f"blk_{block:03},{time.isoformat()},{number},{key}" for number, (time, block, step, key) in enumerate(events)]
random.shuffle(lines)
with open("events.csv", "w") as out:
    out.write("block,time,line,key\n" + "\n".join(lines) + "\n")
