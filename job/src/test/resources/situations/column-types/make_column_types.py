"""Parquet files with columns and a compression that Spark does not read. pip install pyarrow numpy; pyarrow 25.0.1."""

import datetime
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
IDS = pa.array([1, 2], pa.int64())
TOKENS = pa.array([[1, 2], [3]], pa.list_(pa.int64()))
HALF = pa.array(np.array([0.5, 1.5], np.float16))

pq.write_table(
    pa.table({
        "id": IDS,
        "tokens": TOKENS,
        "half": HALF,
        "at": pa.array([datetime.time(1, 2, 3), datetime.time(4, 5, 6)], pa.time64("ns")),
    }),
    HERE / "half.parquet")
pq.write_table(
    pa.table({"id": IDS, "tokens": pa.array([HALF[:1].tolist(), HALF.tolist()], pa.list_(pa.float16()))}),
    HERE / "half-tokens.parquet")
pq.write_table(pa.table({"id": IDS, "tokens": TOKENS}), HERE / "brotli.parquet", compression="brotli")
