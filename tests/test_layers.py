"""Imports point downwards only, always at the module that defines the name."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import asklearn

SRC = Path(asklearn.__file__).parent

# The house, from the roof down. Rooms on one floor may know each other, but not in a circle.
FLOORS = [
    {"__main__", "cli", "testing"},
    {"server", "connect", "study", "report", "live"},
    {"project"},
    {
        "asking",
        "background",
        "beside",
        "bulk",
        "home",
        "learning",
        "mapping",
        "measuring",
        "planning",
        "questions",
        "record",
        "results",
        "reviewing",
        "settings",
        "standing",
        "steering",
        "team",
        "telling",
        "witness",
    },
    {
        "strategies",
        "scores",
        "models",
        "features",
        "tasks",
        "people",
        "stopping",
        "estimate",
        "measures",
        "tails",
        "engines",
    },
    {"view", "state", "canary", "pool", "loops"},
    {"events", "journal"},
    {"errors"},
]
FACE = "__init__"  # the public face: names only, imported when first used; nobody inside imports it

# `scores`, `strategies` and `loops` know arrays only: no model, no task, no file.
ARRAYS_ONLY = {"scores": {"loops", "errors"}, "loops": {"errors"}}
ARRAYS_ONLY["strategies"] = {"scores", "loops", "view", "errors"}


@dataclass(frozen=True)
class Import:
    """One import statement's target: `from module import name`, or `import module` (name is None)."""

    file: Path
    line: int
    module: str
    name: str | None

    def __str__(self) -> str:
        what = f"import {self.module}" if self.name is None else f"from {self.module} import {self.name}"
        return f"{self.file.relative_to(SRC.parent)}:{self.line}: {what}"


def module_of(file: Path) -> str:
    parts = file.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The room of `asklearn.journal.sqlite` is `journal`; of `asklearn` itself the face."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FACE


def imports(file: Path, source: str | None = None) -> Iterator[Import]:
    """Every import in the file, also inside functions and under TYPE_CHECKING."""
    package = module_of(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    tree = ast.parse(file.read_text("utf-8") if source is None else source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (Import(file, node.lineno, module, alias.name) for alias in node.names)


@functools.cache
def files() -> tuple[Path, ...]:
    return tuple(sorted(SRC.rglob("*.py")))


def is_module(name: str) -> bool:
    place = SRC.parent.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


@functools.cache
def defined(module: str) -> frozenset[str]:
    """The names a module binds itself, rather than imports from elsewhere."""
    place = SRC.parent.joinpath(*module.split("."))
    file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return frozenset(names)


def ours(found: Import) -> bool:
    return found.module.split(".")[0] == "asklearn"


def targets(found: Import) -> str:
    """The module an import ends at: `from asklearn import errors` ends at asklearn.errors."""
    if found.name is not None and is_module(f"{found.module}.{found.name}"):
        return f"{found.module}.{found.name}"
    return found.module


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def upward(file: Path, source: str | None = None) -> list[str]:
    """What is wrong with the imports of one file, a sentence each."""
    here = room(module_of(file))
    if here == FACE:
        return []
    wrong = []
    for found in filter(ours, imports(file, source)):
        there = room(targets(found))
        if there == FACE:
            wrong.append(f"{found}: the face is for users; import the module that defines the name")
        elif floor(there) < floor(here):
            wrong.append(f"{found}: points upwards, from {here} to {there}")
        elif here in ARRAYS_ONLY and there not in ARRAYS_ONLY[here] | {here}:
            wrong.append(f"{found}: {here} knows arrays only, not {there}")
        elif found.name is not None and found.name != "*" and targets(found) == found.module:
            if found.name not in defined(found.module):
                wrong.append(f"{found}: {found.module} does not define {found.name}, it passes it on")
        elif found.name == "*":
            wrong.append(f"{found}: say which names")
    return wrong


def test_every_room_has_a_floor() -> None:
    rooms = {room(module_of(file)) for file in files()} - {FACE}
    known = set().union(*FLOORS)
    assert rooms <= known, f"say in FLOORS how high {sorted(rooms - known)} stand"


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(SRC)))
def test_imports_point_downwards_at_the_definition(file: Path) -> None:
    assert not (wrong := upward(file)), "\n".join(wrong)


def test_rooms_on_one_floor_form_no_circle() -> None:
    knows: dict[str, set[str]] = {}
    for file in files():
        if (here := room(module_of(file))) != FACE:
            there = {room(targets(found)) for found in imports(file) if ours(found)}
            knows.setdefault(here, set()).update(there - {here, FACE})
    for start in knows:
        seen: set[str] = set()
        todo = set(knows[start])
        while todo:
            one = todo.pop()
            seen.add(one)
            todo |= knows.get(one, set()) - seen
        assert start not in seen, f"{start} imports itself by way of {sorted(seen)}"


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        ("state.py", "from asklearn.project import Project", "points upwards, from state to project"),
        ("state.py", "def f():\n    import asklearn.cli", "points upwards, from state to cli"),
        ("journal/sqlite.py", "from ..project import Project", "points upwards"),
        ("journal/sqlite.py", "from .. import cli", "points upwards"),
        ("state.py", "from asklearn import AskLearnError", "the face is for users"),
        ("state.py", "from asklearn.journal import Iterator", "does not define Iterator"),
        ("state.py", "from asklearn.errors import *", "say which names"),
        ("scores/classes.py", "from asklearn.state import fold", "knows arrays only"),
    ],
)
def test_a_wrong_import_is_seen(file: str, source: str, complaint: str) -> None:
    [wrong] = upward(SRC / file, source)
    assert complaint in wrong


def test_right_imports_are_fine() -> None:
    source = "import numpy\nfrom asklearn import errors\nfrom asklearn.errors import DataError\n"
    assert upward(SRC / "state.py", source) == []
