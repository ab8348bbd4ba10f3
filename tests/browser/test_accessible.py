"""Everybody can use the page: axe-core finds no serious fault in any view, and the keyboard reaches everything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from asklearn import Answer
from asklearn.server.accounts import HERE
from asklearn.tasks import named
from benchmarks.page import digits

pytestmark = pytest.mark.browser

BUILD = Path(__file__).parents[2] / "build" / "axe"
SCRIPT = BUILD / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const said = (id, { html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`;
  return grave.flatMap(({ id, nodes }) => nodes.map((node) => said(id, node)));
}"""
VISITS = 200  # presses of Tab after which every page has been gone round
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the folder for built things, where npm puts it once."""
    if not SCRIPT.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(
                "axe-core is not there, and no npm to get it: npm install --prefix build/axe axe-core"
            )
        BUILD.mkdir(parents=True, exist_ok=True)
        command = [
            npm,
            "install",
            "--prefix",
            str(BUILD),
            "--no-audit",
            "--no-fund",
            "--no-save",
            "axe-core@4",
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"npm could not get axe-core: {error}")
    return SCRIPT.read_text()


def faults(person, axe: str, where: str) -> list[str]:
    """What axe-core calls serious or critical in what is shown now."""
    page = person.page
    page.wait_for_timeout(150)
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {axe} }}")
    return [f"{where}: {fault}" for fault in page.evaluate(GRAVE)]


def labelling(person, axe: str) -> list[str]:
    """Faults of the desk in all its states."""
    page = person.page
    found = faults(person, axe, "desk")
    person.press("h")
    found += faults(person, axe, "guidelines")
    person.press("h", "n")
    found += faults(person, axe, "note")
    person.press("Escape", "u")
    person.saved(1)
    page.locator("#history button").first.click()
    found += faults(person, axe, "history")
    person.press("Escape", "?")
    found += faults(person, axe, "keys")
    person.press("Escape")
    return found


def rooms(page) -> list[str]:
    """Names of the views that are offered."""
    return page.locator("#views button").evaluate_all("all => all.map((one) => one.id.slice(3))")


def go(page, name: str) -> None:
    """Into a view, until what it shows has come; the desk has no name."""
    page.evaluate("name => (location.hash = name)", name)
    if name:
        page.locator(f"#view-{name}").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def deciding(person, axe: str, keys: tuple[str, ...]) -> list[str]:
    """Faults of the review of one item: seen blind, then, answered by these keys, with what everybody said."""
    page = person.page
    go(page, "review")
    page.get_by_role("tab", name="Decide").click()
    expect(page.locator(".case article > *").first).to_be_visible(timeout=60_000)  # a process starts for it
    page.locator(".case article").focus()
    found = faults(person, axe, "blind")
    person.press(*keys)
    expect(page.locator(".answers [aria-pressed=true]")).to_contain_text("(you)")
    return found + faults(person, axe, "deciding")


def views(person, axe: str) -> list[str]:
    """Faults of every other view that is offered, in each of its tabs."""
    page, found = person.page, []
    for name in rooms(page):
        go(page, name)
        found += faults(person, axe, name)
        for tab in page.locator(f"#view-{name} [role=tab]").all()[1:]:
            tab.click()
            page.wait_for_load_state("networkidle")
            found += faults(person, axe, f"{name}, {tab.inner_text()}")
        if name == "map":
            page.keyboard.press("b")
            page.wait_for_load_state("networkidle")
            found += faults(person, axe, "grid")
    go(page, "")
    return found


def crowd(project):
    """People who differ, and a model."""
    items = project.pool.ids[:40]
    project.tell(
        Answer(item=item, label="spam" if (i % 2) ^ (i % 7 == n) else "ham", by=by, seconds=3.0 + i % 5)
        for n, by in enumerate(("ann", "bob", "eve"))
        for i, item in enumerate(items)
    )
    project.learn()


PASSAGE = {"start": 0, "end": 3, "label": "PER"}
DOUBTED = {  # a task, what two people say of an item, and the keys of a third answer
    "several": (named("multilabel", ["sport", "politics"]), ["sport"], [], ("1", "2", "Enter")),
    "number": (named("number", range=(0, 10), unit="kg"), 2, 8.5, ("7", "Enter")),
    "spans": (named("spans", ["PER", "LOC"]), [PASSAGE], [], ("ArrowRight", "2", "Enter")),
}


@pytest.fixture
def doubted(project):
    """`doubted("number")`: the server of a new project of that task, in which two people differ on an item."""

    def doubted(what):
        task, *said, _ = DOUBTED[what]

        def differ(project):
            names = zip(("ann", "bob"), said, strict=True)
            project.tell(Answer(item=project.pool.ids[0], label=label, by=by) for by, label in names)

        texts = ["Ada met Bob in Rome.", "Nobody came.", "القاهرة هي عاصمة مصر", "Then he left."]
        return project(texts, task, differ, redundancy=3)

    return doubted


@pytest.fixture(scope="module")
def disputed(project):
    """Letters that several people labelled, and not alike."""
    texts = [f"{'cheap pills' if i % 2 else 'see you at noon'}, letter {i}" for i in range(80)]
    return project(texts, ["ham", "spam"], crowd, model="logistic", redundancy=3, guideline="# ham\nGood.")


def test_no_serious_fault_in_any_view(disputed, enter, axe):
    owner = enter(disputed, HERE)
    found = faults(owner, axe, "desk")
    for name in rooms(owner.page):
        go(owner.page, name)
        found += faults(owner, axe, name)
    assert found == []


# The widest of them always, the others by name.
REVIEWED = [what if what == "spans" else pytest.param(what, marks=pytest.mark.slow) for what in DOUBTED]


@pytest.mark.parametrize("what", REVIEWED)
def test_no_serious_fault_in_the_review_of_any_task(doubted, enter, axe, what):
    owner = enter(doubted(what), HERE, **PHONE)
    assert deciding(owner, axe, DOUBTED[what][-1]) == []
    assert owner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
@pytest.mark.parametrize("what", ["letters", "digits", "several", "number", "spans"])
def test_no_serious_fault_on_any_device(disputed, doubted, project, enter, axe, what, device, scheme):
    servers = {"letters": lambda: disputed, "digits": lambda: project(*digits(30))}
    server = servers[what]() if what in servers else doubted(what)
    options = PHONE if device == "phone" else {}
    owner = enter(server, HERE, color_scheme=scheme, **options)
    found = labelling(owner, axe) + views(owner, axe)
    if what in DOUBTED:
        found += deciding(owner, axe, DOUBTED[what][-1])
    assert found == []
    assert owner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_every_button_of_every_view_and_gets_out_again(disputed, enter):
    owner = enter(disputed, HERE)
    page = owner.page
    for name in ["", *rooms(page)]:
        go(page, name)
        assert unreached(page) == [], name or "desk"
    page.keyboard.press("Escape")
    expect(page.locator("#labelling")).to_be_visible()


# Those that can be pressed or filled in, without those that a list or a group stands for: arrows move inside of it.
REACHABLE = """() => {
  const all = [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [tabindex='0']")];
  const shown = all.filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[inert]"));
  window.unreached = new Set(shown.filter((one) => !one.disabled && one.tabIndex >= 0));
  return window.unreached.size;
}"""
REACHED = """() => {
  const now = document.activeElement;
  const ring = now === document.body || getComputedStyle(now).outlineStyle !== "none";
  window.unreached.delete(now);
  return ring ? "" : now.outerHTML;
}"""


def unreached(page) -> list[str]:
    """What Tab does not come to, and what shows no ring where it does; a trap would leave the rest unreached."""
    assert page.evaluate(REACHABLE)
    dull = set()
    for _ in range(VISITS):
        page.keyboard.press("Tab")
        dull.add(page.evaluate(REACHED))
        if not page.evaluate("window.unreached.size"):
            break
    return sorted(dull - {""}) + page.evaluate("[...window.unreached].map((one) => one.outerHTML)")
