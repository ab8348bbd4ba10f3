"""The map and the grid in a real browser: by mouse, by keys alone, and what is left in the record."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from serving import Server, until

from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks import named

pytestmark = pytest.mark.browser

KINDS = [
    "see you at noon by the old bridge",
    "cheap pills for everybody, order now",
    "<b>rain</b> until the evening",
]
TEXTS = [f"{KINDS[i % 3]}, letter {i}" for i in range(150)]
LABELS = ["ham", "spam", "else"]


def taught(project: Project) -> None:
    ids = project.pool.ids
    project.tell(Answer(item=ids[i], label=LABELS[i % 3], by="teacher") for i in range(9))
    project.learn()
    project.bulk.map()  # there before anybody looks


def drawn(server: Server, by: str) -> dict[str, Any]:
    """The map as the server tells it, once it is made."""
    return until(
        lambda: (found := server.ask("GET", "/api/v1/map", by=by)[1])["stage"] == "final" and found, 120
    )


@pytest.fixture(scope="module")
def server(project: Callable[..., Server]) -> Server:
    """Texts of three kinds, of which a model knows a little; the map is made."""
    return project(TEXTS, LABELS, taught)


def go(person) -> Any:
    """To the map; its picture."""
    person.press("v")
    expect(person.page.locator(".plot circle").first).to_be_attached()
    expect(person.page.locator(".bulk .quiet").first).not_to_contain_text("on its way")
    return person.page.locator(".plot")


def around(person, server, items: set[str]) -> None:
    """Draw a line around these items, which lie together, and a little further."""
    found = drawn(server, person.name)
    here = np.array(
        [
            (x, y)
            for item, x, y in zip(*(found[name] for name in ("item", "x", "y")), strict=True)
            if item in items
        ]
    )
    middle = (here.min(axis=0) + here.max(axis=0)) / 2
    radius = np.linalg.norm(here - middle, axis=1).max() + 0.01
    box = person.page.locator(".plot").bounding_box()
    side = min(box["width"], box["height"]) / 1.06
    mouse = person.page.mouse
    for step in range(41):
        x, y = (
            middle + radius * np.array([math.cos(step * math.pi / 20), math.sin(step * math.pi / 20)]) - 0.5
        )
        mouse.move(box["x"] + box["width"] / 2 + side * x, box["y"] + box["height"] / 2 + side * y)
        if step == 0:
            mouse.down()
    mouse.up()


def acts(person) -> list[dict[str, Any]]:
    """What this person did in bulk, or took back."""
    return [
        event
        for event in person.events()
        if event["event"] in ("Swept", "Retracted") and event["by"] == person.name
    ]


def chosen(person, count: int | str) -> None:
    expect(person.page.locator(".bulk h2")).to_contain_text(f"{count} item")


def said(person, text: str) -> None:
    expect(person.page.locator("#toast")).to_contain_text(text)


def test_a_line_twenty_to_look_at_one_taken_out_one_key_and_back(enter, server):
    ann = enter(server, "ann")
    go(ann)
    _, reply = server.ask("POST", "/api/v1/map/inside", {"n": 500}, by="ann")
    free = set(reply["items"])
    found = drawn(server, "ann")
    rain = {item for item in found["item"] if "rain" in text_of(server, item)}
    around(ann, server, rain)
    cards = ann.page.locator(".card")
    expect(cards).to_have_count(20)
    expect(cards.first).to_contain_text("<b>rain</b>")  # text, whatever it looks like
    inside = int(ann.page.locator(".bulk h2").inner_text().split()[0])
    assert len(rain & free) <= inside
    cards.nth(3).click()
    expect(cards.nth(3)).to_have_attribute("aria-selected", "false")
    chosen(ann, inside - 1)
    ann.press("3")
    said(ann, f"{inside - 1} items labelled else")
    expect(ann.page.locator(".plot text")).to_have_count(inside - 1)
    [act] = acts(ann)
    assert (act["label"], len(act["items"])) == ("else", inside - 1)
    assert act["seconds"] > 0
    ann.press("Backspace")
    said(ann, "Taken back")
    expect(ann.page.locator(".plot text")).to_have_count(0)
    assert acts(ann)[1]["of"] == act["key"]
    ann.press("Backspace")
    said(ann, "nothing to take back")
    ann.press("v")
    expect(ann.page.locator("#item")).to_be_visible()


def text_of(server: Server, item: str) -> str:
    _, [shown] = server.ask("POST", "/api/v1/map/items", {"items": [item]}, by="ann")
    return str(shown["content"]["text"])


def test_without_a_mouse(enter, server):
    bob = enter(server, "bob")
    plot = go(bob)
    expect(plot).to_be_focused()
    bob.press("ArrowRight", "ArrowDown")
    expect(bob.page.locator(".plot .at")).to_have_count(1)
    expect(bob.page.locator(".where")).to_contain_text("letter")
    bob.press("Space")
    chosen(bob, "1")
    bob.press("Space")
    expect(bob.page.locator(".bulk h2")).to_have_text("Nothing chosen yet")
    bob.press("Shift+ArrowLeft")
    chosen(bob, "2")
    bob.press("n")
    expect(bob.page.locator(".plot .chosen")).to_have_count(22)
    before = plot.get_attribute("viewBox")
    bob.press("+")
    assert plot.get_attribute("viewBox") != before
    bob.press("-")
    assert plot.get_attribute("viewBox") == before
    bob.page.keyboard.press("Tab")
    first = bob.page.locator(".card").first
    expect(first).to_be_focused()
    bob.press("Space")
    expect(first).to_have_attribute("aria-selected", "false")
    bob.press("a", "a")  # all, then none
    expect(bob.page.locator(".card[aria-selected=true]")).to_have_count(0)
    bob.press("Escape")
    expect(bob.page.locator(".card")).to_have_count(0)
    bob.press("1")
    said(bob, "Nothing is chosen")
    bob.press("Escape")
    expect(bob.page.locator("#item")).to_be_visible()
    assert acts(bob) == []


def test_rows_of_the_grid_and_what_is_labelled_is_not_asked(enter, server):
    cleo = enter(server, "cleo")
    go(cleo)
    cleo.press("b")
    cards = cleo.page.locator(".card")
    expect(cards).to_have_count(60)
    expect(cleo.page.locator(".card[aria-selected=true]")).to_have_count(0)
    expect(cards.nth(0)).to_be_focused()
    cleo.press("Shift+ArrowRight", "Shift+ArrowRight")
    chosen(cleo, 3)
    cards.nth(9).click()
    cards.nth(12).click(modifiers=["Shift"])
    chosen(cleo, 7)
    cleo.press("2")
    said(cleo, "7 items labelled spam")
    expect(cards).to_have_count(60)
    [act] = acts(cleo)
    cleo.press("Escape", "Escape")
    expect(cleo.page.locator("#item")).to_be_visible()
    asked = {
        item
        for event in cleo.events()
        if event["event"] == "Asked" and event["seq"] > act["seq"]
        for item in event["items"]
    }
    assert not asked & set(act["items"]) - set(act["checks"])


def test_after_trouble_the_same_act_counts_once(enter, server):
    dora = enter(server, "dora")
    dora.expected = ("Failed to load resource",)
    go(dora)
    dora.press("ArrowRight", "Space")
    chosen(dora, 1)
    late: list[Any] = []
    dora.context.route("**/api/v1/map/inside", lambda route: late.append(route))
    dora.press("n", "1")  # nobody knows yet what that chooses: not what was chosen before, at any rate
    said(dora, "Nothing is chosen")
    # The page asks once nothing more was chosen for a moment.
    until(lambda: late or dora.page.wait_for_timeout(20))
    late[0].continue_()
    expect(dora.page.locator(".bulk h2")).to_have_text(re.compile(r"^\d\d items chosen"))
    dora.context.unroute("**/api/v1/map/inside")
    dora.context.route("**/api/v1/sweep", lambda route: route.fetch() and route.abort())
    dora.press("1")
    said(dora, "did not work")
    dora.context.unroute("**/api/v1/sweep")
    expect(dora.page.locator(".bulk h2")).to_have_text(re.compile(r"^\d\d items chosen"))
    dora.press("1")
    said(dora, "items labelled ham")
    assert len(acts(dora)) == 1


def test_on_a_phone_nothing_sticks_out(enter, server):
    eve = enter(server, "eve", viewport={"width": 390, "height": 800}, color_scheme="dark")
    plot = go(eve)
    assert plot.bounding_box()["width"] > 300
    assert eve.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_sets_of_labels_are_given_in_bulk_too(enter, project):
    several = project(TEXTS[:60], named("multilabel", LABELS), lambda made: made.bulk.map())
    ann = enter(several, "ann")
    go(ann)
    ann.press("ArrowRight", "n")
    chosen(ann, 20)
    ann.press("1", "3", "1", "2")
    expect(ann.page.locator(".sweeping [aria-pressed=true]")).to_have_count(2)
    ann.press("Enter")
    said(ann, "20 items labelled spam, else")
    [act] = acts(ann)
    assert act["label"] == ["spam", "else"]
    expect(ann.page.locator(".plot text").first).to_have_text("23")
