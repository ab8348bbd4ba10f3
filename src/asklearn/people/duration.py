"""Time as people say it."""

from __future__ import annotations


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
