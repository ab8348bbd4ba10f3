"""One process at a time: a second server on a project would hand out the same questions."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from asklearn.errors import JournalError

PATIENCE = 0.5  # seconds: a server that was just told to stop may still be closing


class Lock:
    """Holds a folder until it is closed or the process ends, however it ends."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file

    def close(self) -> None:
        """Let go; closing twice is fine. The file stays: removing it would let two processes in."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lock(folder: str | Path) -> Lock:
    """The folder for this process alone; `JournalError` within a second, naming the process that has it.

    `flock` on the file `lock` inside: the kernel lets go of it when the process dies, so nothing goes stale.
    """
    path = Path(folder) / "lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise JournalError(
            f"{path} cannot be opened: {error.strerror}; is {folder} a project folder?"
        ) from error
    try:
        _flock(file, path)
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
    except BaseException:
        os.close(file)
        raise
    return Lock(file)


def _flock(file: int, path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > end:
                holder = os.pread(file, 20, 0).decode(errors="replace") or "unknown"
                raise JournalError(
                    f"{path.parent} is in use by another process (pid {holder}): stop it, or work through it"
                ) from error
        time.sleep(0.02)
