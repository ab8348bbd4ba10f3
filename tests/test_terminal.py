"""Labelling in a terminal: a real program on a real pseudo-terminal, and the same by lines from a pipe."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import serving, until
from typist import record, typist

from asklearn.cli import labelling, questions
from asklearn.cli.answers.choices import assign, matches
from asklearn.cli.keyboard import NAMES, parse
from asklearn.cli.paper import harmless
from asklearn.errors import AskLearnError
from asklearn.events import Answered, Renewed
from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.tasks.classes import classes

TEXTS = [f"{'cheap pills' if i % 2 else 'see you at noon'} {i}" for i in range(40)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "p")


def project(path: Path, rows=TEXTS, labels=("ham", "spam"), **more) -> Path:
    with Project(rows, classes(list(labels)), path=path, **more):
        pass
    return path


# -- on a terminal --------------------------------------------------------------------------------------------------


def test_every_key_does_what_the_page_s_does(folder):
    with typist(folder, "--by", "ann") as ann:
        ann.sees("label as ann")
        items = [ann.question()]
        assert ann.says("2") == "spam"
        items.append(ann.question())
        ann.types("\r")  # no model yet
        ann.sees("proposes nothing")
        ann.types("\x1b[D\x1b[1;5C\x1bu")  # other keys: none of their letters counts
        ann.types("nnot sure\x7f\x7fe\n")
        ann.sees("goes with your answer")
        assert ann.says("U") == "unsure"
        items.append(ann.question())
        ann.types("\x1a")  # Ctrl+Z
        ann.sees("taken back: unsure")
        assert ann.question() == items[1]
        assert ann.says(" ") == "skipped"
        assert ann.question() == items[2]
        assert ann.says("f") == "flagged"
        items.append(ann.question())
        ann.types("\x7f")  # Backspace, twice
        ann.sees("taken back: flagged")
        assert ann.question() == items[2]
        ann.types("\x7f")
        ann.sees("taken back: skipped")
        assert ann.question() == items[1]
        assert ann.says("/sp\n") == "spam"
        assert ann.question() == items[2]
        ann.types("?")
        ann.sees("take back the last answer")
        ann.types("h")
        ann.sees("Choose the class that fits best")
        ann.types("z")
        ann.sees("z means nothing here")
        ann.types("q")
        assert ann.ends() == 0
        assert "2 answers given and saved" in ann.unread
        assert termios.tcgetattr(ann.slave) == ann.before
    said, held = record(folder)
    assert [(a.by, a.kind, a.label, a.note) for a in said] == [
        ("ann", "label", "spam", ""),
        ("ann", "label", "spam", "not sue"),
    ]
    assert all(answer.seconds > 0 for answer in said)
    assert held == []


def test_a_held_key_or_a_paste_answers_once(folder):
    with typist(folder) as me:
        me.question()
        assert me.says("1" * 30) == "ham"
        me.question()
        me.says("2\r2\r2\r")
        me.question()
        me.types("q")
        me.ends()
    assert [answer.label for answer in record(folder)[0]] == ["ham", "spam"]
    with Project.open(folder, writing=False) as found:
        assert not any(isinstance(event, Renewed) for _, event in found.events())


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda me: me.types("\x03"), 130),
        (lambda me: me.hangs_up(), 128 + signal.SIGHUP),
        pytest.param(
            lambda me: me.process.send_signal(signal.SIGTERM), 128 + signal.SIGTERM, marks=pytest.mark.slow
        ),
    ],
    ids=["ctrl+c", "closed", "sigterm"],
)
def test_however_it_ends_questions_are_given_back_and_answers_kept(folder, end, code):
    with typist(folder) as me:
        me.question()
        me.says("1")
        me.question()
        me.types("\x7f")
        me.question()
        me.says("2")
        me.question()
        end(me)
        assert me.ends() == code
        if me.slave >= 0:
            assert termios.tcgetattr(me.slave) == me.before
            assert "Traceback" not in me.unread
    said, held = record(folder)
    assert [answer.label for answer in said] == ["spam"]
    assert held == []


def test_killed_it_asks_again_what_was_on_screen_and_can_take_back_what_was_said(folder):
    with typist(folder) as me:
        first = me.question()
        me.says("1")
        second = me.question()
        me.process.kill()
        me.process.wait()
    assert [answer.label for answer in record(folder)[0]] == ["ham"]
    with typist(folder) as me:
        assert me.question() == second
        me.types("\x7f")
        me.sees("taken back: ham")
        assert me.question() == first
        assert me.says("2") == "spam"
        assert me.question() == second
        me.types("q")
        assert me.ends() == 0
    said, held = record(folder)
    assert [(answer.item, answer.label) for answer in said] == [(first_id(folder, first), "spam")]
    assert held == []


def first_id(folder: Path, text: str) -> str:
    with Project.open(folder, writing=False) as found:
        return found.pool.ids[TEXTS.index(text)]


# -- by lines -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pipe(run, monkeypatch, tmp_path):
    """`pipe(folder, "1", "space")`: these lines into the command."""

    def pipe(folder: Path, *lines: str, by: str = "me"):
        (tmp_path / "lines").write_text("".join(f"{line}\n" for line in lines))
        with (tmp_path / "lines").open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            return run("label", folder, "--terminal", "--by", by)

    return pipe


def test_lines_from_a_pipe_answer_too(folder, pipe):
    done = pipe(
        folder, "1", "n because", "Spam", "SPAM", "", "space", "U", "/ha", "no such", "backspace", "f"
    )
    assert (done.code, done.err) == (0, "")
    said, held = record(folder)
    assert [(a.kind, a.label, a.note) for a in said] == [
        ("label", "ham", ""),
        ("skip", None, "because"),
        ("unsure", None, ""),
        ("flag", None, ""),
    ]
    assert held == []
    assert "'Spam' is not a label of this task; did you mean 'spam'?" in done.out
    assert "\x1b" not in done.out


def test_a_question_is_kept_while_somebody_thinks(folder, run, monkeypatch):
    monkeypatch.setattr(labelling, "RENEW", 0.1)
    reader, writer = os.pipe()
    with os.fdopen(reader) as lines, os.fdopen(writer, "w") as keys:
        monkeypatch.setattr(sys, "stdin", lines)

        def think() -> None:
            with Project.open(folder, writing=False) as watched:
                until(lambda: sum(isinstance(event, Renewed) for _, event in watched.events()) >= 2)
            keys.write("1\nq\n")
            keys.flush()

        thinking = threading.Thread(target=think)
        thinking.start()
        assert run("label", folder, "--terminal").code == 0
        thinking.join()
    assert [answer.label for answer in record(folder)[0]] == ["ham"]


def test_it_ends_when_nothing_is_left_and_the_last_answer_can_be_taken_back(tmp_path, pipe):
    small = project(tmp_path / "small", TEXTS[:3])
    done = pipe(small, "1", "2", "1", "1", "backspace", "2", "q")
    assert done.code == 0
    assert done.out.count("Nothing is left to ask you.") == 2
    assert [answer.label for answer in record(small)[0]] == ["ham", "spam", "spam"]


def test_the_model_proposes_but_never_for_a_random_item(tmp_path, pipe):
    folder = project(tmp_path / "p", TEXTS * 2, audit=0.5, strategy="margin")
    with Project.open(folder) as found:
        for row, text in enumerate(TEXTS[:20]):
            label = "spam" if "pills" in text else "ham"
            found.tell(Answer(item=found.pool.ids[row], label=label, by="bob"))
        found.learn()
    done = pipe(folder, *["", "space"] * 8)
    blocks = done.out.split("of 80 labelled")[1:-1]
    blind = [block for block in blocks if re.search("why: (drawn at random|chosen because)", block)]
    proposed = [block for block in blocks if block not in blind]
    assert blind
    assert proposed
    assert not any("%" in block or "Enter" in block for block in blind)
    assert all(re.search(r"\d%( <- Enter)?", block) and "<- Enter" in block for block in proposed)
    assert "model 1" in done.out
    with Project.open(folder, writing=False) as found:
        accepted = [e for _, e in found.events() if isinstance(e, Answered) and e.by == "me" and e.label]
        texts = found.pool.rows([answer.item for answer in accepted])
    assert accepted
    assert {answer.seen for answer in accepted} == {"1"}
    assert [answer.label for answer in accepted] == ["spam" if "pills" in text else "ham" for text in texts]


def test_nothing_in_an_item_steers_the_terminal(tmp_path, pipe):
    rows = [f"\x1b[2J\x07 first {i}\nsecond\r\n│\tthird \u202e \udc80 é" for i in range(3)]
    rows = [row.encode("utf-8", "replace").decode() for row in rows]
    done = pipe(project(tmp_path / "p", rows, ("o\x1bk", "no")), "q")
    assert "│ \\x1b[2J\\x07 first" in done.out
    assert "\n│ second\n│ │    third \\u202e" in done.out
    assert "1 o\\x1bk" in done.out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.out)


def test_table_rows_show_what_models_see(run, pipe, tmp_path):
    Path("t.csv").write_text("id,age,job,kind\na,31,nurse,x\nb,,cook,y\n")
    run("init", "t", "t.csv", "--features", "age,job", "--id", "id", "--label", "kind")
    done = pipe(Path("t"), "1", "q")
    assert "│ age: 31\n│ job: nurse\n" in done.out
    assert "│ age: no value\n" in done.out
    assert "kind" not in done.out


def test_images_are_their_files_names_or_refused(run, pipe, tmp_path):
    from PIL import Image

    for i, kind in enumerate(("wren", "robin")):
        Path("photos", kind).mkdir(parents=True)
        Image.new("RGB", (8, 8), (i * 90, 0, 0)).save(Path("photos", kind, f"shot-{i}.png"))
    assert run("init", "t", "photos", "--labels", "robin,wren").code == 0
    done = pipe(Path("t"), "1", "q")
    assert "The page does: asklearn label t" in done.out
    assert re.search(r"^│ image shot-\d.png$", done.out, re.M)
    refused = pipe(project(tmp_path / "a", np.zeros((4, 8, 8, 3), dtype=np.uint8)), "1")
    assert refused.code == 1
    assert "they need the page: asklearn label" in refused.err


def test_many_classes_are_found_by_name(tmp_path, pipe):
    names = [f"kind {i:02}" for i in range(25)]
    folder = project(tmp_path / "p", TEXTS, names)
    done = pipe(folder, "/kind 1", "/none", "/17", "3", "k", "q")
    assert "any of the 25 classes" in done.out
    assert "kind 10, kind 11" in done.out
    assert "No class is called that" in done.out
    # The one chosen last comes first while no model ranks them.
    assert "1 kind 17    2 kind 00" in done.out
    assert [answer.label for answer in record(folder)[0]] == ["kind 17", "kind 01"]


def test_a_long_text_is_shown_in_two_parts(tmp_path, pipe):
    folder = project(tmp_path / "p", [f"{i} {'word ' * 1200}end {i}" for i in range(2)])
    done = pipe(folder, "arrowdown", "q")
    head, _, tail = done.out.partition("more characters: the down arrow shows them")
    assert "end" not in head.rpartition("│")[2]
    assert re.search(r"word end \d\n", tail)


def test_wrong_use_is_said(folder, pipe, run, monkeypatch):
    assert run("label", folder, "--terminal", "--by", "ann", "--by", "bob").code == 2
    assert "printable" in pipe(folder, by=" ann").err
    monkeypatch.setattr(sys, "stdin", None)
    assert "stdin or stdout is closed" in run("label", folder, "--terminal").err
    with Project.open(folder):
        assert "is in use by another process" in pipe(folder, "1").err


def test_who_reads_goes_and_a_terminal_without_our_signs(folder):
    command = [sys.executable, "-m", "asklearn", "label", str(folder), "--terminal"]
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONWARNINGS": "error"}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        while not (line := program.stdout.readline()).startswith(b"\\u2502 "):
            assert line
        program.stdout.close()
        program.stdin.write(b"1\n")
        program.stdin.flush()
        assert program.wait(60) == 128 + signal.SIGHUP
        assert program.stderr.read() == b""
    said, held = record(folder)
    assert [answer.label for answer in said] == ["ham"]
    assert held == []


# -- through a server ----------------------------------------------------------------------------------------------


def test_where_the_page_is_served_the_terminal_joins_in(folder, pipe):
    with serving(folder) as server:
        assert server.ask("POST", "/api/v1/questions", {"n": 2}, by="ann")[0] == 200
        done = pipe(folder, "2", "n é", "f", "backspace", "1", "space", "u", "q", by="Zoë")
        assert (done.code, done.err) == (0, "")
        assert "taken back: flagged" in done.out
        assert "4 answers given and saved. 2 of 40 labelled" in done.out
        held = server.ask("GET", "/api/v1/status")[1]["held"]
        assert held == 2  # ann's alone
    said, _ = record(folder)
    assert [(a.by, a.kind, a.label, a.note) for a in said] == [
        ("Zoë", "label", "spam", ""),
        ("Zoë", "label", "ham", "é"),
        ("Zoë", "skip", None, ""),
        ("Zoë", "unsure", None, ""),
    ]


def test_a_server_proposes_as_the_project_does_and_may_go(tmp_path, monkeypatch):
    folder = project(tmp_path / "p", [f"{text} {i}" for i in range(3) for text in TEXTS], (0, 1), audit=0.3)
    with Project.open(folder) as found:
        for row in range(60):
            found.tell(Answer(item=found.pool.ids[row], label=row % 2, by="bob"))
        found.learn()
    monkeypatch.setattr(questions, "PATIENCE", 0.5)
    with serving(folder) as server, questions.counter(folder, "me") as there:
        assert isinstance(there, questions.Served)
        shown = []
        for _ in range(12):
            shown.append(there.ask())
            label = 0 if shown[-1].proposal is None else shown[-1].proposal["label"]
            there.tell(Answer(item=shown[-1].item, label=label, seen=shown[-1].model))
        proposed = [one for one in shown if one.proposal is not None]
        assert proposed
        assert len(proposed) < len(shown)
        for one in shown:
            assert (one.proposal is None) == one.why.startswith(("drawn at random", "chosen because"))
        for one in proposed:
            chances, label = one.proposal["probabilities"], one.proposal["label"]
            assert chances[str(label)] == max(chances.values())
            assert label == ("pills" in one.content["text"])
        with pytest.raises(AskLearnError, match=r"refused this: .*'2' is not a label"):
            there.tell(Answer(item=shown[0].item, label="2"))
        server.stop()
        with pytest.raises(AskLearnError, match="does not answer"):
            there.status()
        with pytest.raises(AskLearnError, match="does not answer"):
            there.release([shown[0].item])
    assert [answer.label for answer in record(folder)[0] if answer.by == "me"] == [
        0 if one.proposal is None else one.proposal["label"] for one in shown
    ]


# -- the parts ------------------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.sampled_from(list("\x1b[O;1aZ ~\r\x7fé\x00"))))
def test_keys_are_parsed_to_the_last_sign(typed):
    known = {*NAMES.values(), ""}
    while typed:
        key, rest = parse(typed)
        assert len(rest) < len(typed)
        assert typed.endswith(rest)
        assert key in known or (len(key) == 1 and key.isprintable())
        typed = rest


@given(st.text())
def test_what_is_harmless_keeps_its_letters_and_has_no_control_signs(text):
    lines = harmless(text)
    assert all(sign.isprintable() or sign in "\u200c\u200d\u3000" for line in lines for sign in line)
    if text.isprintable():
        assert lines == [text]


@given(st.lists(st.text(min_size=1, max_size=5), max_size=40, unique=True))
def test_every_key_stands_for_one_class(names):
    given = assign(names)
    keys = [key for key in given if key]
    assert len(given) == len(names)
    assert len(set(keys)) == len(keys)
    assert len(keys) == min(len(names), 10 + 26 - len("abdfghnpuvxzq"))
    assert not set(keys) & set("abdfghnpuvxzq")


@given(
    st.lists(st.text("abA ", min_size=1, max_size=4), max_size=10, unique=True), st.text("abA ", max_size=3)
)
def test_matches_hold_what_is_wanted(names, wanted):
    found = matches(names, wanted)
    wanted = wanted.strip().lower()
    assert len(set(found)) == len(found)
    if wanted in {name.lower() for name in names}:
        assert [names[i].lower() for i in found] == [wanted]
    else:
        assert set(found) == {i for i, name in enumerate(names) if wanted in name.lower()}
