"""The room of review in a real browser, from the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from serving import Server, until

from asklearn.people.answers import Answer
from asklearn.project import Project

pytestmark = pytest.mark.browser

LABELS = ["ham", "spam"]


def disputed(project: Project) -> None:
    """Three items that people differ on, the second least; the first was answered by the owner too."""
    ids = project.pool.ids
    said = [("ham", "spam"), ("ham", "spam"), ("spam", "ham")]
    for k, (ann, bob) in enumerate(said):
        project.tell([Answer(item=ids[k], label=ann, by="ann"), Answer(item=ids[k], label=bob, by="bob")])
    project.tell(Answer(item=ids[1], label="ham", by="eve", note="she knows <b>him</b>"))
    project.tell(Answer(item=ids[0], label="ham", by="me"))
    for k in range(3, 23):
        label = LABELS[k % 2]
        project.tell([Answer(item=ids[k], label=label, by=by) for by in ("ann", "bob")])


@pytest.fixture(scope="module")
def server(project: Callable[..., Server]) -> Server:
    return project([f"letter {i}" for i in range(60)], LABELS, disputed, redundancy=3, batch=1000)


def test_an_item_is_seen_blind_then_with_everybody_s_answers_then_decided(
    server: Server, enter: Callable[..., object]
) -> None:
    me = enter(server, "me")
    page = me.page
    me.press("g")
    shown, heard = page.locator(".case"), page.locator(".deciding .cards")
    told = page.locator("#view-review [role=status]")
    expect(told).to_contain_text("3 to decide", timeout=60_000)  # a process starts for it
    expect(shown).to_have_text("letter 2")  # nobody but the two who differ has said anything
    expect(heard).to_be_hidden()
    expect(page.locator("#view-review")).not_to_contain_text("bob")
    me.press("Enter")  # there is nothing yet to keep
    expect(heard).to_be_hidden()
    me.press("1")
    expect(heard).to_contain_text("bob")
    expect(heard).to_contain_text("me (you)")
    pressed = page.locator('.deciding [aria-pressed="true"]')
    expect(pressed).to_contain_text("ham")
    me.press("2")
    expect(pressed).to_contain_text("spam")
    me.press("n")
    page.keyboard.type("Letter 2 is g, d and v.")  # no keys while somebody writes
    me.press("Enter")
    expect(told).to_contain_text("2 to decide")
    first = shown.inner_text()
    me.press("Space")
    expect(shown).not_to_have_text(first)
    events = me.events()
    settled = [event for event in events if event["event"] == "Settled"]
    assert [(one["label"], one["by"]) for one in settled] == [("spam", "me")]
    own = next(one for one in events if one["event"] == "Answered" and one["by"] == "me" and one["seconds"])
    assert (own["item"], own["label"]) == (settled[0]["item"], "ham")
    status = server.ask("GET", "/api/v1/status", by="me")[1]
    assert status["guideline"] == "## spam\n- Letter 2 is g, d and v."
    me.press("Backspace")
    expect(shown).to_have_text("letter 2")
    expect(told).to_contain_text("You said ham before")
    until(lambda: "Retracted" in {event["event"] for event in me.events()})
    me.press("Escape")
    expect(page.locator("#labelling")).to_be_visible()


def test_what_the_reviewer_answered_before_is_not_shown_as_new(
    server: Server, enter: Callable[..., object]
) -> None:
    me = enter(server, "me")
    page, item = me.page, server.ask("GET", "/api/v1/history?n=100", by="me")[1][-1]["item"]
    me.press("g")
    told, shown = page.locator("#view-review [role=status]"), page.locator(".case")
    expect(told).to_contain_text("to decide")
    for _ in range(3):
        if "letter 0" in shown.inner_text():
            break
        me.press("Space")
    expect(told).to_contain_text("You said ham before")
    expect(page.locator(".deciding .cards")).to_contain_text("bob")
    me.press("Enter")
    until(lambda: [e for e in me.events() if e["event"] == "Settled" and e["item"] == item])


def test_how_people_answer_is_a_tab_away_and_a_suspect_a_key(
    server: Server, enter: Callable[..., object]
) -> None:
    me = enter(server, "me")
    page = me.page
    me.press("g")
    lists = page.locator("#view-review > .cards")
    expect(page.locator(".case")).to_be_visible()
    me.press("ArrowRight")
    expect(page.get_by_role("tab", selected=True)).to_have_text("People")
    expect(lists).to_contain_text("Who answers how")
    expect(lists.get_by_role("rowheader", name="ann", exact=True).first).to_be_visible()
    me.press("ArrowRight")
    expect(lists).to_contain_text("Krippendorff")
    me.press("ArrowRight")
    suspect = lists.get_by_role("button").first
    expect(suspect).to_contain_text("likelier is")
    item = suspect.inner_text().rpartition(": ")[2]
    me.press("Tab", "Enter")
    expect(page.locator(".case")).to_have_text(item)
    me.press("ArrowLeft")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Suspects")


def test_an_annotator_is_not_offered_the_review(server: Server, enter: Callable[..., object]) -> None:
    zoe = enter(server, "zoe")
    expect(zoe.page.locator("#go-review")).to_have_count(0)
    zoe.press("g")
    expect(zoe.page.locator("#labelling")).to_be_visible()
