"""Rows to fit an encoder on: all of a small pool, evenly spaced ones of a large pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asklearn.pool import Pool


def sample(pool: Pool, most: int, size: int = 2000) -> Iterator[Any]:
    """At most `most` rows, `size` at a time, evenly spaced, so that pools sorted by anything are seen whole.

    >>> from asklearn.pool import of
    >>> [block for block in sample(of(list("abcdefg")), most=4, size=3)]
    [['a', 'c', 'e'], ['g']]
    """
    ids = list(pool.ids)
    step = max(1, -(-len(ids) // most))
    chosen = ids[::step]
    for first in range(0, len(chosen), size):
        yield pool.rows(chosen[first : first + size])
