"""A CSV of a million rows into a pool: seconds, and how much memory it takes beyond Python itself.

    python benchmarks/import_csv.py [--rows 1000000] [--table]

The file (text: id, text, label, source; with --table: ten columns of numbers and words) is made first and is not
part of the time. Memory is the process's peak resident set, before and after; it must not depend on --rows.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from asklearn.pool import readers
from asklearn.pool.store import StoredPool, create

SAYING = "the model asks what it does not know and people say what they see in each of these rows"
WORDS = SAYING.split(" ")


def peak() -> float:
    """The process's peak resident set so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def text_file(path: Path, rows: int, rng: random.Random) -> None:
    """About 100 characters a row; every tenth text is quoted, with a comma and a quote inside."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text,label,source\n")
        for i in range(rows):
            text = " ".join(rng.choices(WORDS, k=18))
            text = f'"{text}, ""{i}"""' if i % 10 == 0 else f"{text} {i}"
            file.write(f"r{i},{text},{'ham' if i % 3 else 'spam'},batch {i % 7}\n")


def table_file(path: Path, rows: int, rng: random.Random) -> None:
    """Five columns of numbers, five of words, one cell in twenty missing."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(f"n{i}" for i in range(5)) + "," + ",".join(f"w{i}" for i in range(5)) + "\n")
        for _ in range(rows):
            numbers = [f"{rng.random():.5f}" if rng.random() > 0.05 else "" for _ in range(5)]
            file.write(",".join(numbers + rng.choices(WORDS, k=5)) + "\n")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--table", action="store_true", help="a table without ids instead of texts with ids")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        (table_file if wanted.table else text_file)(path, wanted.rows, random.Random(0))
        roles = {} if wanted.table else {"text": "text", "id": "id", "label": "label"}
        before, start, work = peak(), time.perf_counter(), time.process_time()
        imported = create(Path(folder) / "project", readers.read(path, **roles))
        seconds, work, after = time.perf_counter() - start, time.process_time() - work, peak()
        with StoredPool.open(Path(folder) / "project") as pool:
            start = time.perf_counter()
            last = pool.ids[-1]
            opened = time.perf_counter() - start
            start = time.perf_counter()
            pool.show(last)
            shown = time.perf_counter() - start
        figures = {
            "rows": imported.added,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            "seconds": round(seconds, 2),
            "processor_seconds": round(work, 2),
            "rows_per_second": round(imported.added / seconds),
            "peak_mb_before": round(before, 1),
            "peak_mb_growth": round(after - before, 1),
            "ids_read_seconds": round(opened, 2),
            "show_ms": round(1000 * shown, 3),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
