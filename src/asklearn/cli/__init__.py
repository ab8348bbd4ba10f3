"""The command line: one command per verb. This is the outermost edge, where errors become sentences."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from asklearn.errors import AskLearnError, MissingExtra

__all__ = ["main"]

FAILED = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells count


def main(args: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 done, 1 it failed (a sentence on stderr says why), 2 wrong use."""
    words = sys.argv[1:] if args is None else list(args)
    debug = "--debug" in words or bool(os.environ.get("ASKLEARN_DEBUG"))
    try:
        try:
            from asklearn.cli.commands import app
        except ModuleNotFoundError as error:
            if error.name not in {"typer", "rich"}:
                raise
            raise MissingExtra("the command line", "app") from error
        app([word for word in words if word != "--debug"], prog_name="asklearn")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else FAILED
    except AskLearnError as error:
        if debug:
            raise
        print(f"asklearn: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
