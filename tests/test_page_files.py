"""The page's files: few, small, and without a door for markup from strings."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from asklearn.server.guard import OPEN

PAGE = Path(__file__).parent.parent / "src" / "asklearn" / "server" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
DOCUMENTS = sorted(PAGE.glob("*.html"))


def needed(name: str) -> set[str]:
    """This script and what it cannot run without; views are fetched when somebody goes there."""
    found, new = set(), {name}
    while new:
        found |= new
        texts = [(PAGE / each).read_text() for each in new]
        new = {
            each for text in texts for each in re.findall(r'^import .* from "\./(.*)";$', text, re.MULTILINE)
        }
        new -= found
    return found


def test_labelling_needs_at_most_120_kb_of_script():
    weight = {path.name: path.stat().st_size for path in SCRIPTS}
    assert 0 < sum(weight[name] for name in needed("main.js")) <= 120_000
    assert sum(weight.values()) <= 200_000


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_from_text(path):
    text = path.read_text()
    assert text.startswith("// @ts-check\n")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    code = re.sub(r'import\("\./\w+\.js"\)', "", code)  # of a name that stands there
    doors = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "import(",
    )
    assert [door for door in doors if door in code] == []
    assert re.findall(r"setAttribute\([\"'](?:style|on|src)", code) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_what_is_there_and_nothing_from_elsewhere(path):
    for source in re.findall(r'^(?:import|export) .* from "(.*)";$', path.read_text(), re.MULTILINE):
        assert source.startswith("./")
        assert (PAGE / source).is_file()


def test_every_script_is_used():
    used = {Path(name).name for path in DOCUMENTS for name in re.findall(r'src="(.*\.js)"', path.read_text())}
    assert used == {"main.js", "join.js"}
    for path in SCRIPTS:
        used |= set(re.findall(r'(?:from |import\()"\./(.*?\.js)"', path.read_text()))
    assert {path.name for path in SCRIPTS} == used


class Elements(HTMLParser):
    """Every tag of the page with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def _elements(path: Path):
    found = Elements()
    found.feed(path.read_text())
    return found.tags


@pytest.fixture(scope="module")
def elements():
    return _elements(PAGE / "index.html")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_have_no_style_or_script_of_their_own(path):
    for tag, attributes in _elements(path):
        assert tag != "style"
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for where in ("src", "href"):
            link = attributes.get(where)
            assert link is None or link.startswith(("/page/", "/api/v1/", "#"))
            if link is not None and link.startswith("/page/"):
                assert (PAGE / link.removeprefix("/page/")).is_file()


def test_the_way_in_needs_only_what_a_stranger_is_sent():
    asked = {a.get("src") or a.get("href") for _, a in _elements(PAGE / "join.html")} - {None}
    assert asked == {path for path in OPEN if path.startswith("/page/")}
    assert "import " not in (PAGE / "join.js").read_text()


def test_ids_are_unique_and_those_the_scripts_name_exist(elements):
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = set()
    for path in SCRIPTS:
        named |= set(re.findall(r'\bthe\("([\w-]+)"\)', path.read_text()))
    assert named - set(ids) == set()
    labelled = {
        id
        for _, attributes in elements
        for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls")
        for id in (attributes.get(name) or "").split()
    }
    assert labelled - set(ids) == set()
