"""The process that learns: errors come back, a killed one is replaced, none outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from asklearn.background import NICENESS, Background
from asklearn.errors import ModelError


@pytest.fixture
def background():
    process = Background()
    yield process
    process.close()


def niceness():
    return os.nice(0)


def divide(a, b):
    return a / b


class Strange(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def strange():
    raise Strange(1, 2)


def test_work_is_done_elsewhere_gently_and_in_one_process(background):
    first, second = background.submit(os.getpid), background.submit(os.getpid)
    assert first.result() == second.result() != os.getpid()
    assert background.submit(niceness).result() == NICENESS


def test_its_errors_are_ours_with_its_traceback(background):
    with pytest.raises(ZeroDivisionError) as raised:
        background.submit(divide, 1, 0).result()
    assert "in divide" in raised.value.__notes__[0]
    with pytest.raises(ModelError, match="Strange: 1 2"):
        background.submit(strange).result()
    assert background.submit(divide, 6, 3).result() == 2


def test_a_killed_process_fails_its_work_and_the_next_work_starts_another(background):
    pid = background.submit(os.getpid).result()
    asleep = background.submit(time.sleep, 60)
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelError, match=r"exit code -9.*old model serves on"):
        asleep.result(10)
    assert background.submit(os.getpid).result() != pid


def test_closing_ends_work_under_way():
    process = Background()
    pid = process.submit(os.getpid).result()
    asleep = process.submit(time.sleep, 60)
    began = time.monotonic()
    process.close()
    with pytest.raises(ModelError):
        asleep.result(10)
    assert time.monotonic() - began < 5
    assert not alive(pid)
    with pytest.raises(ModelError, match="closed"):
        process.submit(os.getpid).result()


PARENT = """
    import os, sys, time
    from asklearn.background import Background
    if __name__ == "__main__":
        process = Background()
        print(process.submit(os.getpid).result(), flush=True)
        process.submit(time.sleep, 60)
        time.sleep(60)
"""


def test_it_dies_with_its_parent_however_that_died(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < end, "the child outlived its parent"
        time.sleep(0.05)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
