"""Time as people say it."""

from __future__ import annotations

YEAR = 366 * 24 * 3600.0


def possible(seconds: float) -> bool:
    """Whether an answer may have taken so long: 0 or more, and no more than a year; sums of these stay finite.

    >>> possible(4.5), possible(-1), possible(1e308)
    (True, False, False)
    """
    return 0 <= seconds <= YEAR


def spell(seconds: float) -> str:
    """
    >>> spell(4.5), spell(42), spell(600), spell(9000)
    ('4.5 s', '42 s', '10 min', '2 h 30 min')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
