"""What the documents say is so: their code runs, and nothing that people can use is left out."""

from __future__ import annotations

import csv
import doctest
import importlib
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

import asklearn
from asklearn import errors
from asklearn.cli import main

ROOT = Path(__file__).parent.parent
FENCE = re.compile(
    r"^(?:<!-- tested: (?P<how>[^\n]*?) -->\n)?```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.M | re.S
)
REVIEWS = [
    ("a story that never ends, and a joy all the same", "good"),
    ("dull, loud and far too long", "bad"),
    ("I laughed, I cried, I called my mother", "good"),
    ("two hours I will not get back", "bad"),
]


@dataclass(frozen=True)
class Block:
    """A piece of code in a document; `how` says how it is tested if not simply run."""

    file: str
    line: int
    kind: str
    code: str
    how: str | None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(file: Path) -> list[Block]:
    text = file.read_text("utf-8")
    found = FENCE.finditer(text)
    return [
        Block(file.name, text.count("\n", 0, b.start("code")), b["kind"], b["code"], b["how"]) for b in found
    ]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the documents speak of."""
    texts = [(f"{text} ({i})", label) for i in range(30) for text, label in REVIEWS]
    rows = [{"id": f"r{i}", "text": text, "label": label} for i, (text, label) in enumerate(texts)]
    write(tmp_path / "known.csv", rows, ["id", "text", "label"])
    write(tmp_path / "reviews.csv", rows, ["id", "text"])
    write(tmp_path / "older.csv", rows[:10], ["id", "label"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, rows: list[dict[str, str]], columns: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.name)
def test_what_a_document_says_runs(file: Path, desk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All blocks in their order, in one folder, as somebody who follows the document would."""
    for block in blocks(file):
        if block.how is not None:
            check_elsewhere(block)
        elif block.kind == "python":
            capfd.readouterr()
            exec(compile(block.code, str(block), "exec"), {"__name__": "__main__"})
            check_printed(block, capfd.readouterr().out)
        elif block.kind == "sh":
            for command in block.code.strip().splitlines():
                obey(command, block)
        else:
            assert block.kind == "pycon", (
                f"{block}: how is {block.kind} tested?"
            )  # a docstring's, run from there


def check_printed(block: Block, out: str) -> None:
    """A line that prints says in a comment what it prints; after "e.g." the figures may be others."""
    for said in re.findall(r"^ *print\(.*\)\s+# (.+)$", block.code, re.MULTILINE):
        example = said.removeprefix("e.g. ")
        if example == said:
            assert said in out, block
        else:
            assert re.sub(r"\d+", "0", example) in re.sub(r"\d+", "0", out), block


def obey(command: str, block: Block) -> None:
    """Run a line of a shell block; nothing but asklearn itself is asked for there."""
    program, *words = shlex.split(command, comments=True)
    assert program == "asklearn", f"{block}: {command}"
    if words[0] == "label":
        visit(words)
    else:
        assert main(words) == 0, f"{block}: {command}"


def check_elsewhere(block: Block) -> None:
    """A block that installs or tests everything would run for minutes: it names what runs it instead."""
    assert block.how is not None
    place, _, name = block.how.partition("::")
    assert (ROOT / place).is_file(), block.how
    if name:
        assert f"def {name}(" in (ROOT / place).read_text("utf-8"), block.how
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines()}
    for command in block.code.strip().splitlines():
        if command.startswith("make "):
            assert command.split()[1] in targets, command


def visit(words: list[str]) -> None:
    """Open the page as the command says, look at it as a browser would, and end it with Ctrl+C."""
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "asklearn", *words, "--no-open"]
    page = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert page.stdout is not None
        link = page.stdout.readline().strip()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with browser.open(link, timeout=30) as answer:
            assert answer.status == 200
            assert b"<title>" in answer.read()
        page.send_signal(signal.SIGINT)
        assert page.wait(timeout=30) == 0
    finally:
        page.kill()
        page.communicate()


def modules() -> list[str]:
    source = Path(asklearn.__file__).parent
    files = [file for file in source.rglob("*.py") if file.name != "__main__.py"]
    paths = [file.relative_to(source.parent).with_suffix("").parts for file in files]
    return sorted(".".join(path).removesuffix(".__init__") for path in paths)


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_docstrings_run(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize("name", modules())
def test_every_module_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip() or module.__file__ is None


def test_the_references_are_as_generated() -> None:
    from docs.generate import PAGES

    for name, generate in PAGES.items():
        now = (ROOT / "docs" / name).read_text("utf-8")
        assert now == generate(), f"docs/{name} is old: run python -m docs.generate (or make docs)"


def test_every_command_is_in_a_document_for_beginners() -> None:
    from asklearn.cli.commands import tree

    told = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    assert [name for name, _ in tree() if name not in told] == []


def test_every_option_says_what_it_does() -> None:
    from asklearn.cli.commands import tree

    for name, command in tree():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, f"{name}: {parameter.name}"
            assert parameter.metavar or parameter.is_flag, f"{name}: {parameter.name} lacks a metavar"


@pytest.mark.parametrize("name", asklearn.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(asklearn, name)
    assert (value.__doc__ or "").strip(), f"{name} has no docstring"
    assert f"## {name}" in (ROOT / "docs" / "python.md").read_text("utf-8")


def every_error(
    kind: type[errors.AskLearnError] = errors.AskLearnError,
) -> Iterator[type[errors.AskLearnError]]:
    yield kind
    for more in kind.__subclasses__():
        yield from every_error(more)


def test_every_error_is_documented() -> None:
    for name in modules():
        importlib.import_module(name)
    told = (ROOT / "docs" / "python.md").read_text("utf-8")
    ours = {kind for kind in every_error() if kind.__module__.startswith("asklearn.")}
    assert errors.KeyReused in ours
    for kind in ours:
        assert kind.__module__ == "asklearn.errors", f"{kind.__name__} belongs into asklearn.errors"
        assert kind.__doc__, kind.__name__
        assert f"`{kind.__name__}`" in told, kind.__name__


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    from asklearn.settings import COMMENTS, Settings

    assert {field.name for field in fields(Settings)} == set(COMMENTS)
    told = (ROOT / "docs" / "python.md").read_text("utf-8")
    assert [name for name in COMMENTS if f"`{name}`" not in told] == []


def test_links_lead_somewhere() -> None:
    for file in documents():
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8")):
            if not target.startswith("http"):
                assert (file.parent / target).exists(), f"{file.name}: {target}"
