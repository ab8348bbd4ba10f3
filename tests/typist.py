"""Somebody at a terminal: a real program on a real pseudo-terminal, what they type and what they see."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asklearn.events import Answered
from asklearn.project import Project

ITEM = re.compile(r"│ (.*?) *\r?\n")

# The terminal becomes the program's own, so that Ctrl+C and a hang-up reach it as they would a shell's child.
RUN = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from asklearn.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Typist:
    """Somebody at a terminal."""

    def __init__(
        self, folder: Path, *words: str, lines: int = 40, columns: int = 100, term: str = "xterm"
    ) -> None:
        self.master, slave = pty.openpty()
        self.lines, self.columns = lines, columns
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        command = [sys.executable, "-c", RUN, "label", str(folder), "--terminal", *words]
        env = {**os.environ, "TERM": term, "PYTHONWARNINGS": "error"}
        # A terminal hears Ctrl+C, also where whoever runs the tests does not.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        signal.signal(signal.SIGINT, before)
        self.heard = self.unread = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def hears(self, patience: float) -> bool:
        """Whether the program wrote something meanwhile."""
        if not select.select([self.master], [], [], patience)[0]:
            return False
        more = self._decoder.decode(os.read(self.master, 65536))
        self.heard, self.unread = self.heard + more, self.unread + more
        return True

    def sees(self, pattern: str) -> re.Match[str]:
        """Wait for it; what came before is read and gone."""
        end = time.monotonic() + 60
        while not (found := re.search(pattern, self.unread, re.S)):
            assert time.monotonic() < end, f"no {pattern!r} in {self.unread!r}"
            assert self.hears(0.2) or self.process.poll() is None, self.unread
        self.unread = self.unread[found.end() :]
        return found

    def question(self) -> str:
        """The next question's item; then the program waits for a key."""
        item = self.sees(ITEM.pattern).group(1)
        self.sees(r"2 spam[^\n]*\n")
        return item

    def types(self, keys: str) -> None:
        time.sleep(0.11)  # a key that comes again at once is taken for one that is held down
        os.write(self.master, keys.encode())

    def says(self, keys: str) -> str:
        """Answer; returns once it is said to be saved. What was said."""
        self.types(keys)
        return self.sees(r"-> ([^\n]+), saved").group(1)

    def looks(self, pattern: str) -> str:
        """What the screen shows, once it shows this."""
        end = time.monotonic() + 60
        while not re.search(pattern, shown := "\n".join(screen(self.heard, self.lines)), re.S):
            assert time.monotonic() < end, f"no {pattern!r} on\n{shown}"
            self.hears(0.2)
        return shown

    def hangs_up(self) -> None:
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def ends(self) -> int:
        end = time.monotonic() + 60
        while self.process.poll() is None:  # a terminal that nobody reads blocks who writes to it
            assert time.monotonic() < end
            if self.master >= 0:
                self.hears(0.05)
        return self.process.returncode


@contextmanager
def typist(folder: Path, *words: str, **more: Any) -> Iterator[Typist]:
    person = Typist(folder, *words, **more)
    try:
        yield person
    finally:
        person.process.kill()
        person.process.wait()
        for file in (person.master, person.slave):
            with contextlib.suppress(OSError):
                os.close(file)


def screen(heard: str, lines: int) -> list[str]:
    """What a terminal of so many lines shows in the end of what was written to it; what is reverse in <>."""
    rows, row, column, reverse = [""], 0, 0, False
    for sign in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", heard, re.S):
        if sign == "\n":
            row += 1
            rows += [""] * (row == len(rows))
        elif sign == "\r":
            column = 0
        elif sign == "\x1b[J":
            rows[row:] = [rows[row][:column]]
        elif sign.startswith("\x1b") and sign.endswith("A"):
            row -= int(sign[2:-1])
            assert row > len(rows) - lines, "the cursor goes no further than the top"
        elif sign.startswith("\x1b"):
            assert sign.endswith("m"), sign
            if reverse != ("7" in sign[2:-1].split(";")):
                rows[row] += "<>"[reverse]
                reverse, column = not reverse, len(rows[row])
        else:
            rows[row] = rows[row][:column].ljust(column) + sign
            column += 1
    return [text.rstrip() for text in rows[-lines:]]


def record(folder: Path) -> tuple[list[Answered], list[str]]:
    """The answers that stand, and the items somebody holds."""
    with Project.open(folder, writing=False) as found:
        state = found.state
        standing = [answer for said in state.answers.values() for answer in said.values()]
        return sorted(standing, key=lambda answer: answer.at), sorted(state.leases)
