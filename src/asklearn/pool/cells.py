"""What a cell of a table means: nothing, a number, or a word."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np

MISSING = frozenset(
    {"", "NA", "N/A", "NaN", "nan", "null", "NULL"}
)  # how text files write that there is nothing


def number(cell: Any) -> float:
    """The cell as a finite float, nan for a missing one. Raises ValueError for a word.

    >>> number("1e3"), number(2), number(None)
    (1000.0, 2.0, nan)
    """
    if cell is None:
        return math.nan
    if isinstance(cell, bool):
        raise ValueError("a truth value is a word, not a number")
    if isinstance(cell, str) and "_" in cell:
        raise ValueError("Python reads 1_000 as a number; a file that holds it means a word")
    try:
        value = float(cell)
    except (OverflowError, TypeError) as error:
        raise ValueError(str(error)) from error
    if math.isinf(value):
        raise ValueError("infinity is no number a model can use")
    return value


def word(cell: Any) -> str | None:
    """The cell as text, None for a missing one."""
    return cell if cell is None or isinstance(cell, str) else str(cell)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: what is missing becomes None, dates ISO text, decimals float.

    >>> import datetime
    >>> plain([np.float32(0.5), float("nan"), datetime.date(2024, 2, 29)])
    [0.5, None, '2024-02-29']
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Decimal):
        return plain(float(value))
    if isinstance(value, bytes):
        return {"bytes": len(value)}  # nothing a person or a table could use
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [plain(part) for part in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def is_flat(value: Any) -> bool:
    """Whether a plain value is one a table can hold: a number, a word or nothing."""
    return value is None or isinstance(value, str | bool | int | float)
