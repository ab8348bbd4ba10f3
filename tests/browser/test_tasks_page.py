"""Tasks other than classes in a real browser: several labels, numbers, passages."""

from __future__ import annotations

import numpy
import pytest
from playwright.sync_api import expect
from serving import proposing, until

from asklearn import Answer
from asklearn.tasks import named

pytestmark = pytest.mark.browser

OPEN = {"audit": 0.0, "hide": 0.0, "overlap": 0.0, "gold": 0.0}  # every item shows what the model proposes


def told(answers):
    """What a teacher said of the first items, and a model that learned from it."""

    def prepare(project):
        items = project.pool.ids[: len(answers)]
        project.tell(Answer(item=i, label=a, by="teacher") for i, a in zip(items, answers, strict=True))
        project.learn()

    return prepare


def label(person, n=-1):
    """What the n-th of the person's answers says."""
    return person.recorded()[n]["label"]


@pytest.fixture(scope="module")
def topics(project):
    texts = [
        f"{'the match was won' if i % 2 else 'the bank raised rates'}, {'in parliament' if i % 3 else 'at home'} {i}"
        for i in range(80)
    ]
    said = [["sport"] * (i % 2) + ["politics"] * (i % 3 > 0) for i in range(40)]
    return proposing(
        project(
            texts,
            named("multilabel", ["sport", "politics", "music"]),
            told(said),
            strategy="margin",
            model="logistic",
            **OPEN,
        )
    )


def test_labels_are_switched_on_and_off_and_sent_together(topics, enter):
    ann = enter(topics, "several")
    page, given = ann.page, ".choice.given .name"
    proposed = page.locator(".choice.proposed .name").all_inner_texts()
    assert page.locator(given).all_inner_texts() == proposed  # preselected, and marked as the model's
    before = ann.item
    ann.press("3")
    expect(page.locator(".choice", has_text="music")).to_have_attribute("aria-pressed", "true")
    ann.shows(before)  # nothing is sent yet
    ann.decide("Enter")
    ann.saved(1)
    assert label(ann) == [*proposed, "music"]

    ann.press("0")
    expect(page.locator(given)).to_have_count(0)
    expect(page.get_by_role("button", name="None of them")).to_have_attribute("aria-pressed", "true")
    ann.decide("Enter")
    ann.saved(2)
    assert label(ann) == []
    expect(page.locator("#history .said").first).to_have_text("none")

    second = ann.item
    ann.press("ArrowLeft", "2", "Enter")  # a correction from the history
    ann.shows(second)
    ann.saved(3)
    assert label(ann) == ["politics"]

    ann.press("x", "1", "3")
    ann.press("ArrowLeft", "Escape")  # looking back keeps what was chosen
    expect(page.locator(given)).to_have_text(["sport", "music"])
    page.reload()
    expect(page.locator(given)).to_have_text(["sport", "music"])
    ann.decide("Enter")
    ann.press("Backspace")  # undone, it is asked again with what was said
    ann.shows(second)
    expect(page.locator(given)).to_have_text(["sport", "music"])


def test_where_nothing_is_proposed_none_at_all_must_be_said(project, enter):
    server = project(["a", "b", "c"], named("multilabel", ["x", "y"]))
    ann = enter(server)
    ann.press("Enter")
    expect(ann.page.locator("#toast")).to_contain_text("The model proposes nothing here")
    ann.press("0", "Enter")
    ann.saved(1)
    assert label(ann) == []


def test_a_number_is_typed_stepped_checked_and_accepted(project, enter):
    rows = numpy.linspace(0, 10, 60).reshape(-1, 1)
    task = named("number", range=(0, 10), unit="kg")
    server = proposing(
        project(rows, task, told([i / 6 + (i % 3) / 10 for i in range(40)]), strategy="igs", **OPEN)
    )
    ann = enter(server, "number")
    page, field = ann.page, ann.page.locator("#amount")
    expect(page.locator("#choices")).to_contain_text("kg")
    expect(page.locator("#amount-said")).to_contain_text("in 4 cases of 5 it is")
    proposed = float(field.get_attribute("placeholder"))
    ann.decide("Enter")
    ann.saved(1)
    assert label(ann) == proposed

    ann.press("7", ",", "5", "Enter")
    ann.saved(2)
    assert label(ann) == 7.5

    ann.press("1", "2")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#amount-said")).to_have_text("It must be from 0 to 10.")
    ann.press("Enter")
    ann.saved(2)
    ann.press("Backspace", "ArrowUp", "Shift+ArrowUp", "Enter")
    ann.saved(3)
    assert label(ann) == 2.1

    ann.press("u")  # what is no number means what it means elsewhere, also in the field
    ann.saved(4)
    ann.press("ArrowLeft", "ArrowLeft")
    expect(field).to_have_value("2.1")
    ann.press("4", "Enter")
    ann.saved(5)
    assert label(ann) == 4
    ann.press("Backspace", "Backspace")
    until(lambda: [said for _, said in ann.said()] == [proposed, 7.5, 2.1])
