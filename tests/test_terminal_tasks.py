"""Several labels, numbers and passages in a terminal: by keys on a pseudo-terminal, by lines through a pipe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import serving
from typist import record, typist

from asklearn.cli.answers import WAYS
from asklearn.cli.answers.words import Mark, Page, touched, words
from asklearn.features.tokens import tokens
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks import KINDS, multilabel, number, spans

NAMES = ("red", "round", "ripe")
SETS = [[name for k, name in enumerate(NAMES) if i >> k & 1] for i in range(48)]
FRUITS = [f"fruit {i}: {' and '.join(found) or 'odd'}" for i, found in enumerate(SETS)]
WEIGHTS = [round(i % 21 / 2, 1) for i in range(48)]
PARCELS = [f"parcel {i} {'heavy ' * int(weight)}" for i, weight in enumerate(WEIGHTS)]
EMPTY = [i % 3 == 0 and i < 30 for i in range(48)]
NOTES = [
    f"nobody came, day {i}" if none else f"😀 {'Ann' if i % 2 else 'Bob'} was in New York, day {i}"
    for i, none in enumerate(EMPTY)
]
BOTH = [{"start": 2, "end": 5, "label": "person"}, {"start": 13, "end": 21, "label": "place"}]
MARKS = [[] if none else BOTH for none in EMPTY]
TASKS = {
    "multilabel": (multilabel(NAMES), FRUITS, SETS),
    "number": (number((0, 10), "kg"), PARCELS, WEIGHTS),
    "spans": (spans(["person", "place"]), NOTES, MARKS),
}


def made(path: Path, kind: str, rows=None, learned: int = 0, **more) -> Path:
    """A project of this kind; a model has learned so many rows."""
    task, texts, truth = TASKS[kind]
    usual = {"audit": 0.0, "overlap": 0.0}
    if not learned:
        usual["hide"] = 0.999  # a model that learned meanwhile proposes nothing
    with Project(rows or texts, task, path=path, **(usual | more)) as it:
        for row in range(learned):
            it.tell(Answer(item=it.pool.ids[row], label=truth[row], by="bob"))
        if learned:
            it.learn()
    return path


def piped(folder: Path, *lines: str, by: str = "me") -> str:
    """What the command says to these lines from a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "asklearn", "label", str(folder), "--terminal", "--by", by],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    return done.stdout


def labels(folder: Path, by: str = "me") -> list:
    return [answer.label for answer in record(folder)[0] if answer.by == by and answer.kind == "label"]


def test_every_task_has_a_way_of_answering():
    assert set(WAYS) == set(KINDS)


# -- several labels -------------------------------------------------------------------------------------------------


def test_keys_switch_labels_and_enter_sends_them(tmp_path):
    folder = made(tmp_path / "p", "multilabel")
    with typist(folder) as me:
        me.sees(r"1 \[ \] red    2 \[ \] round    3 \[ \] ripe    0 none")
        me.types("\r")
        me.looks("proposes nothing here: choose labels, or X where none applies")
        me.types("3" * 20)  # held down
        me.looks(r"3 \[x\] ripe.*Enter sends: ripe")
        me.types("1")
        shown = me.looks("Enter sends: red, ripe")
        assert shown.count("[x] red") == 1  # in the place of what stood there
        assert "nothing is chosen" not in shown
        assert me.says("\r") == "red, ripe"
        me.sees("nothing is chosen yet")
        me.types("/ROU\n")
        me.looks(r"2 \[x\] round")
        me.types("/r\n")
        me.looks("red, round, ripe: write more of its name")
        me.types("nlooks odd\n")
        me.looks("note: looks odd")
        assert me.says("\r") == "round"
        me.sees("nothing is chosen yet")
        me.types("1")
        me.looks("Enter sends: red")
        me.types("x")
        me.looks("Enter sends: none")
        assert me.says("a") == "none"
        for key, said in (("u", "unsure"), (" ", "skipped"), ("f", "flagged")):
            me.sees("nothing is chosen yet")
            assert me.says(key) == said
        me.sees("nothing is chosen yet")
        me.types("2")
        me.looks("Enter sends: round")
        me.types("\x7f")
        me.sees("taken back: flagged.*nothing is chosen yet")
        me.types("f")
        me.looks(r"flagged, saved.*\[x\] round.*Enter sends: round")  # as it was left
        me.types("?")
        me.looks("switch the label on or off.*take back the last answer.*Enter sends: round")
        me.types("q")
        assert me.ends() == 0
    said, held = record(folder)
    assert [(a.kind, a.label, a.note) for a in said] == [
        ("label", ["red", "ripe"], ""),
        ("label", ["round"], "looks odd"),
        ("label", [], ""),
        ("unsure", None, ""),
        ("skip", None, ""),
        ("flag", None, ""),
    ]
    assert held == []


@pytest.mark.slow
def test_what_was_said_is_there_again_when_it_is_taken_back_also_another_day(tmp_path):
    folder = made(tmp_path / "p", "multilabel")
    piped(folder, "ripe|red")
    with typist(folder) as me:
        me.sees("nothing is chosen yet")
        me.types("\x7f")
        me.looks("taken back: red, ripe.*Enter sends: red, ripe")
        me.types("1")
        me.looks("Enter sends: ripe")
        assert me.says("\r") == "ripe"
        me.types("q")
        assert me.ends() == 0
    assert labels(folder) == [["ripe"]]


def test_what_the_model_proposes_is_on_already(tmp_path):
    folder = made(tmp_path / "p", "multilabel", learned=24)
    with typist(folder) as me:
        shown = me.looks(r"1 \[[ x]\] red [<>\d]+%.*Enter sends: [^\n]+")
        sent = shown.rpartition("Enter sends: ")[2].strip().split("\n")[0]
        assert me.says("\r") == sent
        me.types("q")
        assert me.ends() == 0
    (answer,) = (answer for answer in record(folder)[0] if answer.by == "me")
    assert ", ".join(answer.label) == ("" if sent == "none" else sent)
    assert answer.seen == "1"


def test_of_many_labels_the_keys_belong_to_ten_and_x_means_none(tmp_path):
    folder = tmp_path / "p"
    with Project(FRUITS, multilabel([f"kind {i:02}" for i in range(25)]), path=folder):
        pass
    with typist(folder, lines=24) as me:
        me.looks("X none.*any of the 25 labels")
        me.types("/17\n")
        me.looks("Enter sends: kind 17")
        me.types("0")
        me.looks("Enter sends: kind 09, kind 17")
        assert me.says("\r") == "kind 09, kind 17"
        me.sees("X none")
        me.types("q")
        assert me.ends() == 0
    assert labels(folder) == [["kind 09", "kind 17"]]


# -- numbers --------------------------------------------------------------------------------------------------------


def test_a_number_is_typed_and_what_is_wrong_with_it_is_said_at_once(tmp_path):
    folder = made(tmp_path / "p", "number")
    with typist(folder) as me:
        me.sees("a number from 0 to 10 kg.*number: $")
        me.types("\r")
        me.looks("proposes nothing here: type a number")
        me.types("11")
        me.looks("11 is not within 0 to 10 kg.*number: 11$")
        me.types("\r")
        me.types("\x7f\x7f\x7f\x7f")  # a held key takes away what is typed, and no answer
        me.looks("a number from 0 to 10 kg\n  number:$")
        me.types("5 k\r")
        assert me.sees(r"5 is typed: Enter sends it.*-> ([^\n]+), saved").group(1) == "5 kg"
        me.sees("number: $")
        me.types("2,5")
        shown = me.looks("number: 2,5$")
        assert shown.count("number:") == 2  # the one answered, and this one, in its own place
        assert me.says("\r") == "2.5 kg"
        me.sees("number: $")
        me.types("3e")
        me.looks("number: 3e$")
        me.types("\r")
        me.looks("'3e' is no number; write one such as 3 or 2.5")
        me.types("\x1b")
        me.looks("\n  number:$")
        me.types("\x7f")
        me.looks("taken back: 2.5 kg.*you said 2.5 kg <- Enter")
        assert me.says("\r") == "2.5 kg"
        me.sees("number: $")
        me.types("7\x1a")  # Ctrl+Z: of what is typed
        me.looks("\n  number:$")
        assert me.says("u") == "unsure"
        me.sees("number: $")
        me.types("nnot sure\n")
        me.looks("note: not sure\n")
        assert me.says("10\r") == "10 kg"
        me.sees("number: $")
        me.types("q")
        assert me.ends() == 0
    said, held = record(folder)
    assert [(a.kind, a.label, a.note) for a in said] == [
        ("label", 5, ""),
        ("label", 2.5, ""),
        ("unsure", None, ""),
        ("label", 10, "not sure"),
    ]
    assert held == []


def test_enter_sends_the_number_that_the_model_proposes(tmp_path):
    folder = made(tmp_path / "p", "number", learned=24)
    with typist(folder) as me:
        found = me.sees(r"proposes ([\d.]+) kg; in 4 cases of 5 it is [\d.]+ to [\d.]+ <- Enter")
        assert me.says("\r") == f"{found.group(1)} kg"
        me.sees("<- Enter.*number: $")
        me.types("q")
        assert me.ends() == 0
    (answer,) = (answer for answer in record(folder)[0] if answer.by == "me")
    assert (answer.label, answer.seen) == (float(found.group(1)), "1")


# -- passages -------------------------------------------------------------------------------------------------------

RIGHT, LEFT, UP, DOWN = "\x1b[C", "\x1b[D", "\x1b[A", "\x1bOB"
MORE, LESS = "\x1b[1;2C", "\x1b[1;2D"


def test_words_are_chosen_by_arrows_and_marked_by_a_key(tmp_path):
    folder = made(tmp_path / "p", "spans", ["😀 Ann was in New York\nyesterday", "Bob"])
    with typist(folder) as me:
        me.looks("the arrows choose words\n  1 person    2 place\n  X: there is nothing to mark")
        me.types("\r")
        me.looks("mark the words, or press X where there is nothing to mark")
        me.types("1")
        me.looks("Choose the words first")
        me.types(RIGHT + RIGHT)
        me.looks("│ 😀 <Ann> was in New York\n│ yesterday\n\n  at: Ann\n")
        me.types("1")
        me.looks(r"│ 😀 \[<Ann>: person\] was in.*at: Ann = person\n  1 person \(1\).*Enter sends 1 passage$")
        me.types(RIGHT * 3 + MORE)  # held down, they go on
        me.looks(r"in <New York>\n.*at: New York\n")
        me.types("2")
        me.looks(r"\[<New York>: place\]\n.*Enter sends 2 passages")
        me.types("1")  # a cursor in a passage means all of it
        me.looks(r"\[<New York>: person\]")
        me.types("\x1a")
        me.looks(r"\[<New York>: place\]")
        me.types(LESS + "x")
        me.looks("Enter sends 1 passage$")
        me.types("\x1a")
        me.looks("Enter sends 2 passages$")
        shown = me.looks("day|yesterday")
        assert shown.count("│ 😀") == 1  # drawn in its own place
        assert me.says("\r") == "person, place"
        me.sees("the arrows choose words")
        me.types("\r")
        me.looks("press X where there is nothing to mark")
        me.types("x")
        me.looks("Enter sends none$")
        assert me.says("\r") == "none"
        me.sees("Nothing is left")
        me.types("\x7f")
        me.looks("taken back: none.*Enter sends none$")
        me.types("\x7f")
        me.looks(
            r"taken back: person, place.*\[Ann: person\] was in \[New York: place\]\n.*Enter sends 2 passages$"
        )
        me.types(RIGHT + RIGHT + "\x1b[3~")
        me.looks(r"│ 😀 <Ann> was in \[New York: place\]\n.*Enter sends 1 passage$")
        me.types("nonly one\n")
        me.looks("note: only one")
        assert me.says("\r") == "place"
        me.looks("Enter sends none$")
        me.types("u")
        me.sees("Nothing is left")
        me.types("q")
        assert me.ends() == 0
    said, held = record(folder)
    assert [(a.kind, a.label, a.note) for a in said] == [
        ("label", [{"start": 13, "end": 21, "label": "place"}], "only one"),
        ("unsure", None, ""),
    ]
    assert held == []


@pytest.mark.slow
def test_where_shift_does_not_reach_the_program_v_holds_it(tmp_path):
    folder = made(tmp_path / "p", "spans", ["one two three\nfour five six", "Bob"])
    with typist(folder) as me:
        me.sees("the arrows choose words")
        me.types(RIGHT + RIGHT + "v" + RIGHT)
        me.looks(r"<two three>.*V ends choosing")
        me.types(DOWN + UP + UP)
        me.looks("at: two three ")
        me.types(DOWN)
        me.looks(r"at: two three four five six \(")
        me.types("v" + LEFT)
        me.looks("at: five\n")
        me.types("/pla\n")
        me.looks(r"\[<five>: place\]")
        me.types("\x1b[1;2H" + "1")  # Shift+Home: what it touches gives way
        me.looks(r"│ \[<one two three>\n│ <four five>: person\] six")
        me.types("\x1b")
        me.looks("the arrows choose words")
        me.types("x")
        me.looks("│ one two three\n│ four five six\n.*Enter sends none")
        me.types("\x1bOF")
        me.looks("at: six\n")
        me.types("x")
        me.looks("Enter sends none")
        assert me.says("\r") == "none"
        me.sees("the arrows choose words")
        me.types("q")
        assert me.ends() == 0
    assert labels(folder) == [[]]


def test_tab_goes_to_what_the_model_is_least_certain_of(tmp_path):
    folder = made(tmp_path / "p", "spans", learned=30)
    with typist(folder) as me:
        me.looks(r"\[(Ann|Bob): person [>\d]+%\?\] was in \[New York: place [>\d]+%\?\], day")
        me.types("\t")
        first = me.looks(r"at: ([\w ]+) = (person|place) proposed, [>\d]+%")
        me.types("\t")
        me.looks("at: (Ann|Bob) = person" if "at: New York" in first else "at: New York = place")
        me.types("\t")
        me.looks("no proposal that was not looked at")
        me.types("?")
        me.looks("Shift.arrows.*the proposal that the model is least certain of")
        assert me.says("\r") == "person, place"
        me.sees("Enter sends 2 passages")
        me.types("q")
        assert me.ends() == 0
    (answer,) = (answer for answer in record(folder)[0] if answer.by == "me")
    assert (answer.label, answer.seen) == (BOTH, "1")


@pytest.mark.slow
def test_a_long_text_moves_with_the_cursor_on_a_small_terminal(tmp_path):
    text = "".join(f"line {i} of a long text\n" for i in range(60))
    folder = made(tmp_path / "p", "spans", [text, text])
    with typist(folder, lines=16, columns=40) as me:
        me.looks("│ line 0 .* more rows below")
        me.types(DOWN * 25)
        me.looks("more rows above\n.*│ <line> 24 .*more rows below\n\n  at: line\n")
        me.types("2")
        shown = me.looks(r"\[<line>: place\] 24 ")
        assert len(shown.splitlines()) <= 16
        assert me.says("\r") == "place"
        me.types("q")
        assert me.ends() == 0
    assert labels(folder) == [
        [{"start": text.index("line 24"), "end": text.index("line 24") + 4, "label": "place"}]
    ]


@pytest.mark.slow
def test_a_terminal_that_cannot_go_back_gets_what_is_new(tmp_path):
    folder = made(tmp_path / "p", "spans", NOTES[30:])
    with typist(folder, term="dumb") as me:
        me.sees("nothing to mark")
        me.types(RIGHT)
        me.sees("at: 😀\r\n")
        me.types(RIGHT)
        me.sees("at: (Ann|Bob)\r\n")
        me.types("1")
        me.sees(r"\[(Ann|Bob): person\]")
        assert me.says("\r") == "person"
        me.types("q")
        assert me.ends() == 0
        assert "\x1b" not in me.heard
        assert me.heard.count("was in") == 3  # the item, with its passage, the next item


# -- by lines -------------------------------------------------------------------------------------------------------

SPAN = '[{"start": 2, "end": 5, "label": "person"}]'
LINES = {
    "multilabel": (
        ["ripe|red", "rde", '["round"]', "[]", "1", "red|"],
        [["red", "ripe"], ["round"], []],
        ["'rde' is not a label of this task; did you mean 'red'?", "'1' is not a label", "'' is not a label"],
    ),
    "number": (
        ["2.5", "2,5", "11", "abc", "10", "1e1", "nan"],
        [2.5, 10, 10.0],
        ["'2,5' is no number", "11 is not within 0 to 10 kg", "'abc' is no number", "nan is no number"],
    ),
    "spans": (
        [
            SPAN,
            "[]",
            "person",
            SPAN.replace("5", "500"),
            SPAN.replace("2", "7"),
            SPAN.replace("person", "who"),
        ],
        [json.loads(SPAN), []],
        [
            "'person' is no JSON list of passages",
            "the passage to 500 goes beyond it",
            "7 to 5 does not",
            "'who' is not a label of this task",
        ],
    ),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_is_an_answer_as_in_a_csv(kind, tmp_path):
    folder = made(tmp_path / "p", kind, TASKS[kind][1][30:])
    lines, wanted, reasons = LINES[kind]
    out = piped(folder, "", "?", *lines, "n why not", "u", "space", "f", "backspace", "F", "h", "q", "[]")
    assert "proposes nothing here" in out
    assert "as in a CSV" in out
    assert labels(folder) == wanted
    said, held = record(folder)
    assert [(a.kind, a.note) for a in said[len(wanted) :]] == [
        ("unsure", "why not"),
        ("skip", ""),
        ("flag", ""),
    ]
    for reason in reasons:
        assert reason in out
    assert out.count("taken back: flagged") == 1
    assert out.count("why: ") == len(wanted) + 6  # what was wrong is asked again, and not shown again
    assert held == []


def test_a_shell_may_answer(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "page.md").read_text()
    command = re.search(r"^printf .*$", page, re.M).group()
    with Project(FRUITS, multilabel(["plot", "cast", "price"]), path=tmp_path / "topics"):
        pass
    Path(tmp_path / "asklearn").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m asklearn \"$@\"\n")
    Path(tmp_path / "asklearn").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", command], cwd=tmp_path, env=env, check=True, capture_output=True, timeout=60)
    said = record(tmp_path / "topics")[0]
    assert [(a.by, a.kind, a.label) for a in said] == [
        ("ann", "label", ["plot", "cast"]),
        ("ann", "label", []),
        ("ann", "skip", None),
    ]


@pytest.mark.parametrize("kind", LINES)
def test_an_empty_line_accepts_what_the_model_proposes(kind, tmp_path):
    folder = made(tmp_path / "p", kind, learned=30)
    asked = piped(folder, *["", "space"] * 5, "q").split("why: ")[1:]
    sent = [block for block in asked if ", saved\n" in block and "skipped, saved" not in block]
    assert sent
    assert all("Enter" in block for block in sent)
    said = [answer for answer in record(folder)[0] if answer.by == "me" and answer.kind == "label"]
    assert len(said) == len(sent)
    assert {answer.seen for answer in said} == {"1"}
    for answer, block in zip(said, sent, strict=True):
        wanted = {
            "multilabel": f"Enter sends: {', '.join(answer.label) if kind == 'multilabel' else ''}",
            "number": f"proposes {str(answer.label).removesuffix('.0')} kg;",
            "spans": f"{json.dumps(answer.label)} <- Enter",
        }
        assert wanted[kind] in block


# The way there is one for all of them.
SERVED = [kind if kind == "spans" else pytest.param(kind, marks=pytest.mark.slow) for kind in LINES]


@pytest.mark.parametrize("kind", SERVED)
def test_where_a_server_holds_the_project_it_is_told(kind, tmp_path):
    folder = made(tmp_path / "p", kind, learned=30)
    lines, wanted, _ = LINES[kind]
    with serving(folder):
        out = piped(folder, *lines, "u", *["", "space"] * 5, "backspace", "q", by="ann")
    sent = out.count("saved\n") - out.count("skipped, saved") - 1
    assert sent > len(wanted)  # the model's too
    assert "taken back: " in out
    said = [answer for answer in record(folder)[0] if answer.by == "ann" and answer.kind == "label"]
    assert [answer.label for answer in said[: len(wanted)]] == wanted
    assert len(said) in (sent, sent - 1)  # one of them may have been taken back
    assert {answer.seen for answer in said[len(wanted) :]} <= {"1", "2", "3"}


# -- the parts ------------------------------------------------------------------------------------------------------

WILD = st.text(st.sampled_from(list("ab1 _-.\n\r\t\x1b東京กิé\u0301नमस्😀\u200d\u202e")), max_size=80)


@given(st.text(st.sampled_from(list("aB1_é .,\n-😀")), max_size=60))
def test_where_words_have_spaces_the_cursor_goes_by_the_tagger_s_tokens(text):
    assert words(text) == tokens(text)


@given(WILD)
def test_every_sign_that_is_no_space_is_in_one_word(text):
    found = words(text)
    places = [place for start, end in found for place in range(start, end)]
    assert places == [place for place, sign in enumerate(text) if not sign.isspace()]
    for i, (start, end) in enumerate(found):
        assert touched(found, start, end) == (i, i)


@given(WILD, st.integers(1, 30), st.data())
def test_rows_hold_the_whole_text_and_no_more_than_fits(text, width, data):
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    marks = [Mark(start, end, "x") for start, end in zip(ends[::2], ends[1::2], strict=False)]
    rows = Page(text).rows(marks, width)
    assert all(row.width <= max(width, 6) for row in rows)  # \u202e is one sign, and written in six
    shown = {place for row in rows for place in row.columns}
    assert {place for place, sign in enumerate(text) if not sign.isspace()} <= shown
    assert sum(str(row.row()).count(": x]") for row in rows) <= len(marks)
    whole = "".join(str(row.row())[2:] for row in Page(text).rows(marks, 10_000))
    assert whole.count(": x]") == len(marks)
    assert all(sign.isprintable() or sign == "\u200d" for sign in whole)
