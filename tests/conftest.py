"""What many tests need: the command line in this process, and files to give it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Small problems, and several processes at a time: BLAS threads would spend their time waiting for each other
# (a fit took 30 times as long on two busy cores). Set before anything imports NumPy; child processes inherit it.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# `docs` and `benchmarks` are folders of the repository, not part of the package.
sys.path.insert(0, str(Path(__file__).parent.parent))


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, what it said on stdout and on stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`run("status", "t", "--json")`: the command, in an empty folder."""
    from asklearn.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Done:
        capfd.readouterr()
        code = main([str(word) for word in words])
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return run
