"""`asklearn init`: from a file to a project folder, all of it or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asklearn.cli.terminal import plain, progress, remark, say
from asklearn.errors import SettingError

if TYPE_CHECKING:
    from asklearn.pool.store import StoredPool

NAMED = 10  # rows left out, or labels, that are named one by one


@dataclass(frozen=True)
class Wish:
    """What somebody asked `init` for; the names are those of the options."""

    columns: Mapping[str, Any]
    labels: Sequence[str] | None
    task: str = "classes"
    model: str = "auto"
    strategy: str = "auto"
    audit: float = 0.05
    seed: int = 0
    redundancy: int = 1
    budget: int | None = None
    target: float | None = None
    skip_bad: bool = False


def create(folder: Path, data: Path, wish: Wish) -> None:
    """Make the project and say what became of the file."""
    with new_folder(folder) as scratch:
        pool, said = fill(scratch, folder.name, data, wish)
    say(*said)
    say("", f"Next: asklearn label {folder}")
    if wish.columns.get("label"):
        say(f"Or:   asklearn simulate {folder}")


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder that becomes `folder` at the end; on any error nothing is left of it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingError(
            f"{folder} exists already; choose another name, or go on with it: asklearn label {folder}"
            if (folder / "project.toml").is_file()
            else f"{folder} exists already and is not empty; choose another name"
        )
    scratch = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}.new")
    try:
        scratch.mkdir(parents=True)
        yield scratch
        scratch.rename(folder.absolute())
    except OSError as error:
        raise SettingError(
            f"the project folder {folder} cannot be made: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
