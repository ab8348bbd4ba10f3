"""How many answers a second the record takes when each is waited for until it is on the disk.

    python benchmarks/journal.py [--people 50] [--seconds 5] [--folder .]

Every person is a thread that saves one answer, waits for the acknowledgement, and saves the next. The disk of
`--folder` decides; a plain write and fsync, one after the other, is measured beside it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from asklearn.events import Answered, encode
from asklearn.journal.sqlite import SqliteJournal


def appends(path: Path, people: int, seconds: float) -> list[float]:
    """How long each append took, seconds."""
    took: list[float] = []
    with closing(SqliteJournal(path)) as journal:
        end = time.perf_counter() + seconds

        def work(who: int) -> None:
            turn, begun = 0, time.perf_counter()
            while begun < end:
                journal.append(
                    [Answered(key=f"{who}.{turn}", item=str(turn), by=f"person {who}", label="spam")]
                )
                turn, before, begun = turn + 1, begun, time.perf_counter()
                took.append(begun - before)

        threads = [threading.Thread(target=work, args=(who,)) for who in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert journal.last() == len(took)
    return sorted(took)


def fsyncs(path: Path, seconds: float) -> int:
    """How often the same event can be written and synced, one after the other."""
    line = encode(Answered(key="0.0", item="0", by="person 0", label="spam")).encode()
    times, end = 0, time.perf_counter() + seconds
    with path.open("ab", buffering=0) as file:
        while time.perf_counter() < end:
            file.write(line)
            os.fsync(file.fileno())
            times += 1
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--people", type=int, default=50)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--folder", type=Path, default=Path())
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        plain = fsyncs(Path(folder, "plain"), 1.0)
        processor = time.process_time()
        took = appends(Path(folder, "journal.sqlite"), given.people, given.seconds)
        processor = time.process_time() - processor
    p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    print(
        f"{given.people} people: {len(took) / given.seconds:.0f} appends/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms,"
    )
    print(f"{processor / len(took) * 1e6:.0f} us of processor time each; plain fsyncs here: {plain}/s")


if __name__ == "__main__":
    main()
