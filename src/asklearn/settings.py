"""How a project is set up: `project.toml`, for people to read and for `Project.open`."""

from __future__ import annotations

import json
import math
import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from asklearn.errors import SettingError
from asklearn.events import Label
from asklearn.people.settling import guided
from asklearn.people.verdicts import CHOICES
from asklearn.tasks import Task, named

FILE = "project.toml"
CUSTOM = "custom"  # a model or strategy object that no text can spell: `Project.open` wants it again

COMMENTS = {
    "name": "what people call this project",
    "task": "what an answer is",
    "labels": "what may be answered, in the order of the keys",
    "range": "the numbers that may be answered, both ends included",
    "unit": "what the numbers count",
    "guideline": "how to decide, shown on the page with the key h",
    "model": 'who predicts: "auto", a name (asklearn.models), or "package.module:Class"',
    "strategy": "what is asked: see `asklearn strategies`",
    "batch": "a new model when this many labels are new (or 5 %, whichever is more)",
    "seed": "the same seed asks the same questions",
    "audit": "share of questions drawn at random, only to measure the model",
    "redundancy": "how many people answer each item",
    "overlap": "share of items that two people answer at least, once there are several: how far they agree",
    "gold": "share of each person's questions that are gold items, if there are some",
    "relabel": "whether a doubtful label is asked again, of somebody else, where that tells more than a new item",
    "priority": "the column that says what comes first, the highest number first",
    "consensus": 'whose answers count for how much: "auto", "majority", "dawid_skene", "glad" or "mace"',
    "budget": "labels to be given at most",
    "minutes": "minutes of people's time to be spent at most",
    "money": "money to be spent at most",
    "hard": "whether nothing is asked any more once a budget is used up, rather than advised against",
    "price": "what an hour of people's time costs",
    "currency": "in what the price is",
    "cost": "the column that says what each item costs to answer, instead of the time it takes",
    "hide": "share of the questions chosen by the model whose proposal is hidden, to see whether people follow it",
    "stop": 'stop rules, such as "target(0.9)"',
}


@dataclass(frozen=True)
class Settings:
    """What a project is asked to be; every value can be written as TOML."""

    name: str
    task: str
    labels: tuple[Label, ...]
    range: tuple[float, ...] | None = None
    unit: str | None = None
    guideline: str = ""
    model: str = "auto"
    strategy: str = "auto"
    batch: int = 10
    seed: int = 0
    audit: float = 0.05
    redundancy: int = 1
    overlap: float = 0.1
    gold: float = 0.05
    relabel: bool = False
    priority: str | None = None
    consensus: str = "auto"
    budget: int | None = None
    minutes: float | None = None
    money: float | None = None
    hard: bool = False
    price: float | None = None
    currency: str = "EUR"
    cost: str | None = None
    hide: float = 0.1
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            if value is None and "None" in kind:
                continue
            if kind.startswith("str") and not isinstance(value, str):
                raise SettingError(f"{field.name} is a text; {value!r} is none")
            if kind.startswith("tuple") and not isinstance(value, tuple):
                raise SettingError(f"{field.name} is a list; {value!r} is none")
        for what in ("audit", "gold", "hide", "overlap"):
            of = "items" if what == "overlap" else "questions"
            value = getattr(self, what)
            if not isinstance(value, int | float) or not 0 <= value < 1:
                raise SettingError(f"{what} is a share of {of}, 0 or more and below 1; {value!r} is not")
        if not isinstance(self.relabel, bool):
            raise SettingError(f"relabel is true or false; {self.relabel!r} is neither")
        if self.relabel and self.task != "classes":
            raise SettingError(f"relabel is for the task 'classes'; this one is {self.task!r}")
        for what in ("batch", "redundancy"):
            _whole(what, getattr(self, what), least=1)
        _whole("seed", self.seed, least=0)
        if self.consensus not in CHOICES:
            known = ", ".join(CHOICES)
            raise SettingError(f"there is no consensus {self.consensus!r}; there are {known}")
        if self.budget is not None:
            _whole("budget", self.budget, least=1)
        for what in ("minutes", "money", "price"):
            _above_zero(what, getattr(self, what))
        if self.money is not None and self.price is None:
            raise SettingError("a budget of money needs the price of an hour: price = 15.0")
        if self.hard and self.budget is self.minutes is self.money is None:
            raise SettingError("a hard budget needs a limit: budget, minutes or money")


def _whole(what: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SettingError(f"{what} is a whole number, {least} or more; {value!r} is not")


def _above_zero(what: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value < math.inf):
        raise SettingError(f"{what} is a number above 0; {value!r} is not")


def task_of(setup: Settings) -> Task:
    """What an answer is in this project. Raises `SettingError` for a task that does not exist here."""
    return named(setup.task, setup.labels, range=setup.range, unit=setup.unit)


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


def guide(settings: Settings, label: Label | None, line: str, folder: Path | None) -> Settings:
    """With one more line for the guideline; also in the folder's file, which somebody may have changed meanwhile."""
    if folder is not None:
        written = read(folder)
        write(replace(written, guideline=guided(written.guideline, label, line)), folder)
    return replace(settings, guideline=guided(settings.guideline, label, line))


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
