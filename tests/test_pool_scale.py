"""A file of any length goes through the same few megabytes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

IMPORT = """
import json, resource, sys, time
from asklearn.pool import readers, store
path, folder, roles = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
if path.endswith("parquet"):
    import pyarrow.parquet
store.create(folder + " small", readers.read(sys.argv[4], **roles))
before, start = peak(), time.perf_counter()
done = store.create(folder, readers.read(path, **roles))
print(json.dumps({"added": done.added, "mb": peak() - before, "seconds": time.perf_counter() - start}))
"""


def growth(large, small, folder, **roles) -> dict:
    """What a large file takes beyond a small one of its kind; memory in MB."""
    command = [sys.executable, "-c", IMPORT, large, folder, json.dumps(roles), small]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout)


def write_csv(path, rows: int):
    with path.open("w") as file:
        file.write("id,text,label,source\n")
        for i in range(rows):
            text = f"row {i} says what it says, at some length, and nobody knows why it says so"
            file.write(f'r{i},"{text}",{"spam" if i % 3 else "ham"},batch {i % 7}\n')
    return path


def test_200_000_rows_of_csv_take_little_memory(tmp_path):
    large, small = write_csv(tmp_path / "large.csv", 200_000), write_csv(tmp_path / "small.csv", 10_000)
    found = growth(large, small, tmp_path / "p", text="text", id="id", label="label")
    assert found["added"] == 200_000
    assert found["mb"] < 40  # the file has 20 MB, as Python objects it would be 120; 12 to 16 were measured


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "content ids", "jsonl", "json", "parquet", "npy", "npz"])
def test_a_million_rows_take_no_more_memory_than_a_few_thousand(tmp_path, kind):
    roles = {} if kind in ("npy", "npz") else {"text": "text", "label": "label"}
    if kind not in ("npy", "npz", "content ids"):
        roles["id"] = "id"
    suffix = "csv" if kind == "content ids" else kind
    large, small = (tmp_path / f"{name}.{suffix}" for name in ("large", "small"))
    for path, rows in ((large, 1_000_000), (small, 20_000)):
        if kind in ("npy", "npz"):
            X = np.random.default_rng(0).random((rows, 32), dtype=np.float32)
            np.save(path, X) if kind == "npy" else np.savez_compressed(path, X=X)
            continue
        write_csv(path.with_suffix(".csv"), rows)
        if kind in ("jsonl", "json", "parquet"):
            import pandas as pd

            table = pd.read_csv(path.with_suffix(".csv"))
            if kind == "parquet":
                table.to_parquet(path, row_group_size=50_000)
            else:
                table.to_json(path, orient="records", lines=kind == "jsonl")
    found = growth(large, small, tmp_path / "p", **roles)
    assert found["added"] == 1_000_000
    assert found["mb"] < 64
