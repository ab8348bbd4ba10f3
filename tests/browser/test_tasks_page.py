"""Tasks other than classes in a real browser: several labels, numbers, passages."""

from __future__ import annotations

import re

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


@pytest.mark.slow
def test_where_nothing_is_proposed_none_at_all_must_be_said(project, enter):
    server = project(["a", "b", "c"], named("multilabel", ["x", "y"]))
    ann = enter(server)
    ann.press("Enter")
    expect(ann.page.locator("#toast")).to_contain_text("The model proposes nothing here")
    ann.press("0", "Enter")
    ann.saved(1)
    assert label(ann) == []


@pytest.mark.parametrize(
    ("kind", "labels", "said", "words"),
    [
        ("multilabel", ["sport", "PER"], ["sport", "PER"], ""),
        ("spans", ["LOC", "PER"], [{"start": 0, "end": 3, "label": "PER"}], " “Ada” PER"),
    ],
)
def test_a_label_is_explained_with_items_that_hold_it(project, enter, kind, labels, said, words):
    def prepare(project):
        project.tell(Answer(item=project.pool.ids[0], label=said, by="ann"))

    server = project(
        ["Ada left.", "Bob came.", "Nobody."], named(kind, labels), prepare, guideline="# PER\nPeople."
    )
    ann = enter(server)
    ann.press("h")
    ann.page.get_by_label("About").select_option("PER")
    expect(ann.page.locator("#definition")).to_have_text("People.")
    expect(ann.page.locator("#examples li")).to_have_text([f"Ada left.{words}"])


@pytest.mark.slow
def test_a_number_is_typed_stepped_checked_and_accepted(project, enter):
    rows = numpy.linspace(0, 10, 60).reshape(-1, 1)
    task = named("number", range=(0, 10), unit="kg")
    server = proposing(
        project(
            rows, task, told([i / 6 + (i % 3) / 10 for i in range(40)]), strategy="igs", model="ridge", **OPEN
        )
    )
    ann = enter(server, "number")
    page, field = ann.page, ann.page.locator("#choices-amount")
    expect(page.locator("#choices")).to_contain_text("kg")
    expect(page.locator("#choices-said")).to_contain_text("in 4 cases of 5 it is")
    proposed = float(field.get_attribute("placeholder"))
    ann.decide("Enter")
    ann.saved(1)
    assert label(ann) == proposed

    ann.press("7", ",", "5", "Enter")
    ann.saved(2)
    assert label(ann) == 7.5

    ann.press("1", "2", "Space", "k", "g")  # a unit is no answer, nor the way into the review
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#choices-said")).to_have_text("It must be from 0 to 10.")
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


NAMES = [("Ada", "PER"), ("Robert", "PER"), ("Rome", "LOC"), ("Lisbon", "LOC")]
CAIRO = "القاهرة هي عاصمة مصر"


def marked(text):
    """The names in a text, as somebody who knows them would answer; offsets in code points."""
    found = [
        {"start": text.index(name), "end": text.index(name) + len(name), "label": of}
        for name, of in NAMES
        if name in text
    ]
    return sorted(found, key=lambda span: span["start"])


@pytest.fixture(scope="module")
def stories(project):
    people, places = ("Ada", "Robert"), ("Rome", "Lisbon")
    texts = [f"😀 {people[i % 2]} went to {places[i % 3 % 2]} on day {i}." for i in range(60)]
    server = project(
        texts, named("spans", ["PER", "LOC", "ORG"]), told([marked(t) for t in texts[:40]]), **OPEN
    )
    return proposing(server)


ADA = "Ada met 😀 Bob.\nThen Ada left for Rome."
LONG = "\n".join(f"Line {i} of a long text, with words." for i in range(3000))


@pytest.fixture(scope="module")
def plain(project):
    """Three texts without a model, for everybody."""
    return project([CAIRO, LONG, ADA], named("spans", ["PER", "LOC"]), redundancy=4)


def selected(person):
    return person.page.evaluate("getSelection().toString()")


def answered(person, n):
    """What the person said, once the server has so many answers of theirs."""
    until(lambda: len(person.recorded()) == n)
    return person.recorded()[-1].get("label")


@pytest.mark.slow
def test_proposed_passages_are_looked_at_and_sent_with_one_key(stories, enter):
    ann = enter(stories, "passages")
    page, marks = ann.page, ann.page.locator("mark")
    while not marks.count():  # one drawn at random comes without
        ann.press("Space")
    text = ann.item
    assert marks.all_inner_texts() == [text[s["start"] : s["end"]] for s in marked(text)]
    expect(marks.first).to_have_class("proposed")
    expect(marks.first).to_have_attribute(
        "data-label", re.compile(r"^PER .?\d+%\?$")
    )  # in words, not by colour alone
    ann.press("Tab")
    first = selected(ann)
    ann.press("Tab")
    assert {first, selected(ann)} == set(marks.all_inner_texts())
    ann.press("Tab")  # every proposal was looked at: from here on it goes where it goes everywhere
    assert page.evaluate("document.activeElement.tagName") in ("BUTTON", "A")
    page.locator("#item").focus()
    ann.press("Enter")
    until(lambda: ann.recorded() and ann.recorded()[-1]["kind"] == "label")
    assert label(ann) == marked(text)
    assert page.locator("#history .said").first.inner_text() == "PER, LOC"


def test_words_are_marked_with_keys_alone(plain, enter):
    ann = enter(plain, "keys")
    n = 0
    for _ in range(3):  # they come in any order
        how = {"Ada": marking, "Lin": walking, "الق": leftwards}[ann.item[:3]]
        n = how(ann, n)
    expect(ann.page.locator("#end-title")).to_be_visible()


def marking(ann, n):
    """Marks are made, changed, taken off and sent; corrected, undone."""
    marks = ann.page.locator("mark")
    ann.press("Enter")
    expect(ann.page.locator("#toast")).to_contain_text("The model proposes nothing here")
    ann.press("ArrowRight", "1", "ArrowRight", "ArrowRight", "ArrowRight")
    assert selected(ann) == "Bob"
    ann.press("Shift+ArrowLeft", "2")
    expect(marks).to_have_text(["Ada", "😀 Bob"])
    ann.press("Home", "2")  # a cursor in a passage means all of it
    ann.press("ArrowDown")
    assert selected(ann) == "Then"
    ann.press("End", "ArrowLeft", "Control+z", "2")
    expect(marks).to_have_text(["Ada", "😀 Bob", "Rome"])
    ann.press("Home", "ArrowRight", "ArrowRight", "Delete", "Enter")
    assert ADA[33:37] == "Rome"
    spans = [{"start": 0, "end": 3, "label": "PER"}, {"start": 33, "end": 37, "label": "LOC"}]
    assert answered(ann, n + 1) == spans
    ann.press("Control+ArrowLeft", "x", "Enter")  # a correction: there is nothing in it
    assert answered(ann, n + 2) == []
    ann.press("Backspace", "Backspace")
    ann.shows(ADA)
    expect(marks).to_have_text(["Ada", "Rome"])  # undone, it is asked again with what was marked
    ann.press("Enter")
    assert answered(ann, n + 5) == spans
    return n + 5


def leftwards(ann, n):
    """From right to left the second word stands to the left of the first."""
    ann.press("ArrowLeft", "ArrowLeft")
    assert selected(ann) == CAIRO.split()[1]
    ann.press("ArrowRight", "2", "Enter")
    assert answered(ann, n + 1) == [{"start": 0, "end": 7, "label": "LOC"}]
    return n + 1


def walking(ann, n):
    """A long text is in the document as a whole, its end too."""
    ann.press("End")
    expect(ann.page.locator("#item div").last).to_be_in_viewport()
    ann.press("ArrowLeft", "1", "Enter")
    [span] = answered(ann, n + 1)
    assert LONG[span["start"] : span["end"]] == "words"
    assert span["start"] > 100_000
    return n + 1


@pytest.mark.slow
def test_words_are_marked_with_a_mouse(plain, enter):
    ann = enter(plain, "mouse")
    page, before = ann.page, 0
    while not ann.item.startswith("Ada"):
        ann.press("Space")
        before += 1
    box = page.evaluate(WHERE, ["Then", "for"])
    page.mouse.move(*box[:2])  # from within a word to within another: all of both
    page.mouse.down()
    page.mouse.move(*box[2:], steps=5)
    page.mouse.up()
    assert selected(ann) == "Then Ada left for"
    page.mouse.click(*page.evaluate(WHERE, ["Bob", "Bob"])[:2])
    assert selected(ann) == "Bob"
    page.wait_for_timeout(250)
    page.locator(".choice").first.click()
    page.mouse.dblclick(*page.evaluate(WHERE, ["Rome", "Rome"])[:2])
    page.locator(".choice").nth(1).click()
    expect(page.locator("mark")).to_have_text(["Bob", "Rome"])
    page.get_by_role("button", name="Send").click()
    assert [span["label"] for span in answered(ann, before + 1)] == ["PER", "LOC"]


# The middle of the left half of one word, and of the right half of another.
WHERE = """([from, to]) => {
  const parts = [...document.querySelectorAll("#item div")].flatMap((div) => [...div.childNodes]);
  const texts = parts.map((part) => part.firstChild ?? part);
  const box = (word) => {
    const text = texts.find((node) => node.data.includes(word));
    const range = document.createRange();
    range.setStart(text, text.data.indexOf(word));
    range.setEnd(text, text.data.indexOf(word) + word.length);
    return range.getBoundingClientRect();
  };
  const [one, other] = [box(from), box(to)];
  return [one.x + one.width / 4, one.y + one.height / 2, other.x + (3 * other.width) / 4, other.y + other.height / 2];
}"""
