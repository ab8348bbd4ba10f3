"""What the command line says and where: results on stdout, progress and remarks on stderr.

rich is imported only when a table or a bar is really drawn: `--help` should not wait for it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

# done, and of how many (None while nobody knows)
Progress = Callable[..., None]


def plain(value: object) -> str:
    """Text from a stranger's file, harmless on a terminal: control characters become visible.

    >>> plain("a\\x1b[31m b\\n")
    'a\\\\x1b[31m b\\\\n'
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value)
    )


def document(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """One JSON document on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def say(*lines: str) -> None:
    """Sentences for people, on stdout."""
    for line in lines:
        print(line)


def remark(line: str) -> None:
    """A sentence beside the result, on stderr."""
    print(line, file=sys.stderr, flush=True)


def number(value: float | None, digits: int = 3) -> str:
    """A figure as the tables show it.

    >>> number(0.91234), number(None), number(1200, 0)
    ('0.912', '-', '1,200')
    """
    return "-" if value is None else f"{value:,.{digits}f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> None:
    """A table on stdout; the columns named in `right` hold figures."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE, pad_edge=False)
    for i, column in enumerate(columns):
        drawn.add_column(column, justify="right" if column in right else "left", no_wrap=i == 0)
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    Console().print(drawn)


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """A bar on stderr, told `(done, total=None)`; nothing at all where no person is looking."""
    if not sys.stderr.isatty():
        yield lambda *_args, **_more: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(what, total=None)
        yield lambda done, total=None: bars.update(bar, completed=done, total=total)
