"""The review of several labels, numbers and passages in a real browser: answered blind, then decided."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from serving import until

from asklearn import Answer
from asklearn.tasks import named

pytestmark = pytest.mark.browser

TEXTS = [f"Ada met Bob in Rome, day {i}." for i in range(30)]
QUIET = {"audit": 0.0, "hide": 0.0, "overlap": 0.0, "gold": 0.0, "batch": 1000, "redundancy": 3}
FIELD = "#choosing-amount"


def ada(label="PER"):
    return {"start": 0, "end": 3, "label": label}


def bob(label="PER"):
    return {"start": 8, "end": 11, "label": label}


def rome(label="LOC"):
    return {"start": 15, "end": 19, "label": label}


def differing(first, second, alike):
    """Two people differ on the first item, and less on the second; twenty others they answer alike."""

    def prepare(project):
        ids = project.pool.ids
        for item, said in zip(ids, (first, second), strict=False):
            project.tell([Answer(item=item, label=label, by=by) for by, label in said.items()])
        project.tell(Answer(item=ids[0], note="hard to say", by="ann"))
        for k in range(2, 22):
            project.tell([Answer(item=ids[k], label=alike, by=by) for by in ("ann", "bob")])

    return prepare


class Room:
    """The room of review of one person, who has come into it."""

    def __init__(self, person):
        self.person, self.page = person, person.page
        self.view = self.page.locator("#view-review")
        self.told = self.view.locator("[role=status]")
        self.item = self.view.locator(".case")
        self.heard = self.view.locator(".deciding > .cards")
        self.given = self.view.locator(".answers button")
        self.taken = self.view.locator('.answers [aria-pressed="true"]')
        person.press("g")
        expect(self.told).to_contain_text("to decide", timeout=60_000)  # a process starts for it
        expect(self.item).to_be_visible()

    def press(self, *keys):
        self.person.press(*keys)

    def blind(self):
        """Whether nothing that anybody else said is on the page, or came to it."""
        expect(self.heard).to_be_hidden()
        expect(self.given).to_have_count(0)
        for name in ("ann", "bob", "together", "hard to say"):
            expect(self.view).not_to_contain_text(name)

    def own(self):
        """What this person answered last."""
        found = [e for e in self.person.events() if e["event"] == "Answered" and e["by"] == self.person.name]
        return found[-1]["label"] if found else None

    def settled(self):
        return [e["label"] for e in self.person.events() if e["event"] == "Settled"]


@pytest.fixture
def room(enter):
    return lambda server, name="me", **options: Room(enter(server, name, **options))


@pytest.fixture(scope="module")
def topics(project):
    said = {"ann": ["art", "sport"], "bob": ["law"], "eve": ["law", "sport"]}
    less = {"ann": ["art"], "bob": ["art", "law"], "eve": ["art"], "dan": ["art"]}
    task = named("multilabel", ["art", "law", "sport"])
    return project(TEXTS, task, differing(said, less, ["art"]), **QUIET)


def test_several_labels_are_answered_blind_then_decided(topics, room):
    me = room(topics)
    me.blind()
    me.press("Enter")
    expect(me.page.locator("#toast")).to_contain_text("choose labels, or none of them")
    me.press("1", "2")
    expect(me.page.locator("#choosing .given .name")).to_have_text(["art", "law"])
    me.blind()
    expect(me.item).to_contain_text("day 0")
    me.press("Enter")
    expect(me.taken).to_have_text("art, lawme (you)")
    assert me.own() == ["art", "law"]
    expect(me.given).to_have_count(4)
    expect(me.given.filter(has_text="bob")).to_have_text("lawbob, all together")
    expect(me.heard).to_contain_text("hard to say")
    expect(me.heard).to_contain_text("3 of 4")
    expect(me.view.get_by_role("button", name="Send")).to_be_hidden()
    me.press("a")  # the answers in turn, round and round
    expect(me.taken).not_to_contain_text("me (you)")
    me.given.filter(has_text="eve").click()
    expect(me.taken).to_have_text("law, sporteve")
    expect(me.page.locator("#choosing .given .name")).to_have_text(["law", "sport"])
    me.press("2", "1")  # an answer that nobody gave
    expect(me.taken).to_contain_text("ann")
    me.press("3")
    expect(me.taken).to_have_count(0)
    me.press("n")
    me.page.keyboard.type("Day 0 is art.")
    me.press("Enter")
    until(lambda: me.settled() == [["art"]])
    me.press("Backspace")
    expect(me.item).to_contain_text("day 0")
    expect(me.told).to_contain_text("You said art, law before")
    until(lambda: "Retracted" in {event["event"] for event in me.person.events()})


@pytest.fixture(scope="module")
def grades(project):
    task = named("number", range=(0, 10), unit="points")
    return project(TEXTS, task, differing({"ann": 2, "bob": 8}, {"ann": 5, "bob": 5.5}, 3), **QUIET)


def test_a_number_is_answered_blind_then_decided(grades, room):
    me = room(grades)
    expect(me.item).to_contain_text("day 0")
    me.blind()
    me.press("1", "2", "Enter")
    expect(me.page.locator("#choosing-said")).to_have_text("It must be from 0 to 10.")
    me.blind()
    me.page.locator(FIELD).fill("4")
    me.press("Enter")
    expect(me.taken).to_contain_text("me (you)")
    assert me.own() == 4
    expect(me.heard).to_contain_text("4, the middle of 2 to 8")
    expect(me.given).to_have_count(3)
    me.press("ArrowUp", "Shift+ArrowUp")
    expect(me.taken).to_have_count(0)
    me.press("a")
    expect(me.page.locator(FIELD)).to_have_value("2")
    me.press("4", ".", "5", "n")  # a key that is no number is the field's while somebody types
    expect(me.page.locator(FIELD)).to_have_value("4.5")
    me.press("Enter")
    until(lambda: me.settled() == [4.5])
    expect(me.item).to_contain_text("day 1")
    me.blind()
    me.press("Backspace")
    expect(me.item).to_contain_text("day 0")
    expect(me.taken).to_contain_text("me (you)")


@pytest.fixture(scope="module")
def names(project):
    said = {"ann": [ada(), bob(), rome()], "bob": [ada(), rome("PER")]}
    return project(
        TEXTS, named("spans", ["PER", "LOC"]), differing(said, {"ann": [rome()]}, [ada()]), **QUIET
    )


def test_passages_are_marked_blind_then_decided(names, room):
    me = room(names)
    marks = me.item.locator("mark")
    expect(me.item).to_contain_text("day 0")
    expect(marks).to_have_count(0)
    me.blind()
    me.press("Enter")
    expect(me.page.locator("#toast")).to_contain_text("mark the words")
    me.press("ArrowRight", "1", "ArrowRight", "ArrowRight", "1")
    expect(marks).to_have_text(["Ada", "Bob"])
    me.blind()
    me.press("Enter")
    expect(me.taken).to_contain_text("“Ada” PER, “Bob” PER")
    assert me.own() == [ada(), bob()]
    me.given.filter(has_text="“Rome” PER").click()
    expect(marks).to_have_text(["Ada", "Rome"])
    me.press("Tab")  # to the buttons, as everywhere: nothing here is a proposal
    me.page.locator(".case article").focus()
    me.press("Home", "End", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft", "2")
    expect(marks.nth(1)).to_have_attribute("data-label", "LOC")
    expect(me.taken).to_have_count(0)
    me.press("n")
    me.page.keyboard.type("Cities are places.")
    me.press("Enter")
    until(lambda: me.settled() == [[ada(), rome()]])
    me.press("Control+ArrowRight")
    expect(me.page.get_by_role("tab", selected=True)).to_have_text("People")


@pytest.mark.slow
def test_of_many_classes_one_is_found_by_typing_and_every_key_stays_where_it_is(project, room):
    labels = [f"{what}_{how}" for what in ("card", "cash", "transfer") for how in "abcdefgh"]
    server = project(
        TEXTS, named("classes", labels), differing({"ann": "card_a", "bob": "card_b"}, {}, "card_c"), **QUIET
    )
    me = room(server)
    likely = me.page.locator("#choosing .likely .name")
    before = likely.all_inner_texts()
    me.press("/")
    me.page.keyboard.type("fer_c")
    me.press("Enter")
    expect(me.heard).to_contain_text("card_b")
    assert me.own() == "transfer_c"
    me.press("3", "2")
    expect(me.page.locator("#choosing .likely [aria-pressed=true]")).to_contain_text("card_b")
    assert likely.all_inner_texts() == before
    me.press("Enter")
    until(lambda: me.settled() == ["card_b"])
