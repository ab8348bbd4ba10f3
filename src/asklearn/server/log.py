"""What the server says of itself: JSON lines on stderr, without item text, labels or secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog

Logger = Any  # structlog's bound loggers are typed by what they wrap


def logger(level: str = "warning", stream: TextIO | None = None) -> Logger:
    """A logger of its own, so that nobody else's set-up of structlog is touched.

    JSON in ASCII is also what keeps control characters of a stranger's request from reaching a terminal.
    """
    return structlog.wrap_logger(
        structlog.PrintLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
    )
