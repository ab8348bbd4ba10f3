"""`asklearn simulate`: what a strategy would have done, beside asking at random."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asklearn.cli.create import filled
from asklearn.cli.terminal import document, number, plain, progress, say, table
from asklearn.errors import SettingError

if TYPE_CHECKING:
    from asklearn.pool.store import StoredPool
    from asklearn.study.simulate import Curve
    from asklearn.tasks import Task

STEPS = 10  # rows of the table, at most


def rehearse(
    data: Path,
    *,
    columns: Mapping[str, Any],
    strategy: str,
    model: str,
    metric: str | None,
    batch: int,
    budget: int,
    seeds: Sequence[int],
    journal: Path | None,
    skip_bad: bool,
    json: bool,
) -> None:
    """Simulate the strategy, and random beside it, once a seed, and say how they compare."""
    from asklearn.journal.sqlite import SqliteJournal
    from asklearn.study.known import Known
    from asklearn.study.simulate import Setup, meant, run

    names = list(dict.fromkeys([strategy, "random"]))
    with pool_of(data, columns, skip_bad) as pool:
        X, y = labelled(pool, data)
    task = task_in(data)
    metric = metric or ("accuracy" if task is None else task.usual)
    setup = Setup(None if model == "auto" else model, batch=batch, budget=budget, metrics=(metric,))
    known = Known(X, y, task=meant(setup, task))
    curves: dict[str, list[Curve]] = {name: [] for name in names}
    runs = [(name, seed) for seed in seeds for name in names]
    with progress("simulating") as seen:
        for done, (name, seed) in enumerate(runs):

            def labels(given: int, before: int = done * budget) -> None:
                seen(before + given, len(runs) * budget)

            file = journal_of(journal, name, seed, alone=len(seeds) == 1 and name == strategy)
            with nullcontext() if file is None else closing(SqliteJournal(file)) as kept:
                curves[name].append(run(known, name, setup, seed, kept, labels))
    if json:
        document(told(curves, model, batch, budget, seeds, rows=len(y)))
    else:
        show(curves, rows=len(y), seeds=seeds)


@contextmanager
def pool_of(data: Path, columns: Mapping[str, Any], skip_bad: bool) -> Iterator[StoredPool]:
    """The pool of a project's folder, or of a file, kept for as long as it is needed."""
    from asklearn import settings
    from asklearn.pool.store import StoredPool

    if (data / settings.FILE).is_file():
        given = [f"--{name}" for name, value in columns.items() if value]
        if given:
            raise SettingError(f"{data} is a project and knows its columns; leave out {', '.join(given)}")
        with closing(StoredPool.open(data)) as pool:
            yield pool
        return
    if not columns.get("label"):
        raise SettingError("simulating needs known labels: say which column holds them with --label")
    with tempfile.TemporaryDirectory(prefix="asklearn-") as scratch:
        pool, _, _ = filled(Path(scratch), data, columns, skip_bad)
        with closing(pool):
            yield pool


def task_in(data: Path) -> Task | None:
    """What an answer is in a project's folder, unless it is a class; None for a file, whose labels have to tell."""
    from asklearn import settings

    if not (data / settings.FILE).is_file():
        return None
    task = settings.task_of(settings.read(data))
    return None if task.kind == "classes" else task  # kept labels are texts, and so are classes here


def labelled(pool: StoredPool, data: Path) -> tuple[Any, np.ndarray]:
    """The rows whose label is known, in their own type, and these labels."""
    ids = list(pool.ids)
    known = [(item, label) for item, label in zip(ids, pool.truth(ids), strict=True) if label is not None]
    if not known:
        raise SettingError(
            f"{data} keeps no labels aside to simulate with: make the project with --label, or give the file"
        )
    return pool.rows([item for item, _ in known]), np.array([label for _, label in known])


def journal_of(journal: Path | None, strategy: str, seed: int, alone: bool) -> Path | None:
    """Where a run is kept: in the file itself when it is the only one, else in one beside it.

    >>> journal_of(Path("a/run.sqlite"), "margin", 3, alone=False).name
    'run-margin-3.sqlite'
    """
    if journal is None or alone:
        return journal
    safe = "".join(sign if sign.isalnum() else "_" for sign in strategy)
    return journal.with_name(f"{journal.stem}-{safe}-{seed}{journal.suffix}")


def final(curves: Sequence[Curve]) -> np.ndarray:
    """(seeds,) the last score of each run."""
    return np.array([curve.score[-1] for curve in curves])


def spread(values: np.ndarray) -> float:
    """Standard deviation over seeds; 0 for one seed."""
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def told(
    curves: Mapping[str, Sequence[Curve]],
    model: str,
    batch: int,
    budget: int,
    seeds: Sequence[int],
    rows: int,
) -> dict[str, Any]:
    """The result as JSON can hold it."""
    return {
        "rows": rows,
        "model": model,
        "batch": batch,
        "budget": budget,
        "seeds": list(seeds),
        "strategies": {
            name: {
                "metric": several[0].metric,
                "final": {"mean": float(final(several).mean()), "std": spread(final(several))},
                "runs": [
                    {
                        "seed": curve.seed,
                        "labels": curve.labels.tolist(),
                        "score": curve.score.tolist(),
                        "items": curve.items,
                        "seconds": curve.seconds,
                    }
                    for curve in several
                ],
            }
            for name, several in curves.items()
        },
    }


def show(curves: Mapping[str, Sequence[Curve]], *, rows: int, seeds: Sequence[int]) -> None:
    """The curves as a table, and how they end as a sentence."""
    first = next(iter(curves.values()))[0]
    steps = first.labels[np.unique(np.linspace(0, len(first.labels) - 1, STEPS).round().astype(int))]
    heads = [plain(name) for name in curves]
    lines = [
        [int(step), *(number(float(np.mean([c.at(step) for c in several]))) for several in curves.values())]
        for step in steps
    ]
    say(f"{first.metric} on held-out rows of {rows:,}, mean of {len(seeds)} seeds")
    table(["labels", *heads], lines, right=["labels", *heads])
    for name, several in curves.items():
        ends = final(several)
        mean, at = number(float(ends.mean())), several[0].labels[-1]
        say(f"{plain(name)}: {mean} ± {number(spread(ends))} at {at} labels")
