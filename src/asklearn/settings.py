"""How a project is set up: `project.toml`, for people to read and for `Project.open`."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from asklearn.errors import SettingError
from asklearn.events import Label

FILE = "project.toml"
CUSTOM = "custom"  # a model or strategy object that no text can spell: `Project.open` wants it again

COMMENTS = {
    "name": "what people call this project",
    "task": "what an answer is",
    "labels": "what may be answered, in the order of the keys",
    "guideline": "how to decide, shown on the page with the key h",
    "model": 'who predicts: "auto", a name (asklearn.models), or "package.module:Class"',
    "strategy": "what is asked: see `asklearn strategies`",
    "batch": "a new model when this many labels are new (or 5 %, whichever is more)",
    "seed": "the same seed asks the same questions",
    "audit": "share of questions drawn at random, only to measure the model",
    "redundancy": "how many people answer each item",
    "budget": "labels to be given at most",
    "stop": 'stop rules, such as "target(0.9)"',
}


@dataclass(frozen=True)
class Settings:
    """What a project is asked to be; every value can be written as TOML."""

    name: str
    task: str
    labels: tuple[Label, ...]
    guideline: str = ""
    model: str = "auto"
    strategy: str = "auto"
    batch: int = 10
    seed: int = 0
    audit: float = 0.05
    redundancy: int = 1
    budget: int | None = None
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.audit < 1:
            raise SettingError(f"audit is a share of questions, 0 or more and below 1; {self.audit!r} is not")
        for what in ("batch", "redundancy"):
            _whole(what, getattr(self, what), least=1)
        _whole("seed", self.seed, least=0)
        if self.budget is not None:
            _whole("budget", self.budget, least=1)


def _whole(what: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SettingError(f"{what} is a whole number, {least} or more; {value!r} is not")


def write(settings: Settings, folder: Path) -> None:
    """Write `project.toml`, in one piece or not at all."""
    lines = []
    for name, comment in COMMENTS.items():
        value = getattr(settings, name)
        if value is not None:
            lines.append(f"# {comment}\n{name} = {_toml(value)}\n")
    scratch = folder / f"{FILE}.new"
    with scratch.open("w", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(folder / FILE)


def read(folder: Path) -> Settings:
    """What `write` wrote, or what a person made of it."""
    path = folder / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingError(
            f"{folder} is no asklearn project: it has no {FILE}. Make one with: asklearn init {folder.name} DATA"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not TOML: {error}") from error
    known = {field.name for field in fields(Settings)}
    strange = sorted(found.keys() - known)
    if strange:
        raise SettingError(f"{path} has a setting {strange[0]!r}; there are {', '.join(sorted(known))}")
    missing = sorted({"name", "task", "labels"} - found.keys())
    if missing:
        raise SettingError(f"{path} lacks the setting {missing[0]!r}")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    return Settings(**values)


def _toml(value: Any) -> str:
    """A value as TOML writes it.

    >>> _toml(("ham", 3, True))
    '["ham", 3, true]'
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return repr(value)
        case tuple() | list():
            return "[" + ", ".join(_toml(v) for v in value) + "]"
    raise SettingError(f"{value!r} cannot be written into {FILE}")
