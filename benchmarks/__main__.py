"""Figures: `python -m benchmarks` runs every benchmark as it comes, `python -m benchmarks NAME [OPTIONS]` one of them.

`python -m benchmarks --help` says what there is; `NAME --help` what a benchmark can be told.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = sorted(file.stem for file in FOLDER.glob("*.py") if not file.stem.startswith("_"))


def listed() -> str:
    """Each benchmark with the first line of its docstring."""
    docs = {name: ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))) for name in NAMES}
    return "\n".join(f"  {name:<12}{(doc or '').partition(chr(10))[0]}" for name, doc in docs.items())


def run(name: str, *options: str) -> int:
    """The exit code of this benchmark, a program of its own: what one leaves in memory is not the next one's."""
    print(f"== {name}", flush=True)
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options], cwd=FOLDER.parent
    ).returncode


def main(words: list[str]) -> int:
    """Run what was asked for; not 0 if anything failed, 2 for a name that is none."""
    if not words:
        return max(run(name) for name in NAMES)
    if words[0] in NAMES:
        return run(*words)
    print(__doc__, listed(), sep="\n")
    return 0 if words[0] in {"-h", "--help"} else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
