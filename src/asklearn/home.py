"""The folder a project lives in: made once, opened by one writer at a time."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from asklearn import pool as pools
from asklearn import settings
from asklearn.errors import SettingError
from asklearn.journal.lock import Lock, lock
from asklearn.journal.sqlite import SqliteJournal
from asklearn.pool import store
from asklearn.pool.store import StoredPool
from asklearn.settings import Settings


def made(folder: Path, setup: Settings, pool: Any) -> StoredPool:
    """The folder of a new project with its pool in it; nothing is changed where a project is already."""
    if (folder / settings.FILE).exists():
        raise SettingError(f"{folder} holds a project already; open it with Project.open({str(folder)!r})")
    folder.mkdir(parents=True, exist_ok=True)
    if not (isinstance(pool, StoredPool) and pool.folder == folder):
        rows = pools.of(pool)
        store.create(folder, rows.rows(rows.ids), ids=rows.ids, kind=rows.kind)
        pool = StoredPool.open(folder)
    stored: StoredPool = pool
    for name in ("models", "cache"):
        (folder / name).mkdir(exist_ok=True)
    _write_secret(folder / "secret")
    settings.write(setup, folder)
    return stored


def opened(folder: Path, writing: bool) -> tuple[Lock | None, SqliteJournal]:
    """The project's journal, and the lock that keeps a second writer out."""
    held = lock(folder) if writing else None
    try:
        return held, SqliteJournal(folder / "journal.sqlite", writing=writing)
    except BaseException:
        if held is not None:
            held.close()
        raise


def _write_secret(path: Path) -> None:
    """A fresh secret that only this user can read; one that is there stays."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as out:
        out.write(secrets.token_urlsafe(32))
