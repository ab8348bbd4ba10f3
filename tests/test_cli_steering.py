"""`asklearn gold` and `asklearn assign` on real files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from asklearn.people.answers import Answer
from asklearn.project import Project
from asklearn.server.accounts import Accounts
from asklearn.server.rights import ROLES
from asklearn.server.sessions import secret_of
from asklearn.tasks import classes


def write(name: str, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return name


@pytest.fixture
def ids(run, tmp_path: Path) -> list[str]:
    """The items of a project `t` of thirty texts."""
    with Project(
        [f"text {i}" for i in range(30)], classes(["ham", "spam"]), audit=0, path=tmp_path / "t"
    ) as it:
        return list(it.pool.ids)


def test_gold_from_a_file_and_how_people_do_on_it(run, ids):
    assert "no gold items" in run("gold", "t").out
    known = write("gold.csv", ("id", "label"), [(item, "spam") for item in ids[:4]])
    assert run("gold", "t", known, "--json").json == {"items": 4, "gold": 4, "left_out": []}
    with Project.open("t") as it:
        it.tell(
            [
                Answer(item=item, label=label, by="ann")
                for item, label in zip(ids, ("spam", "ham"), strict=False)
            ]
        )
    said = run("gold", "t", "--json").json
    assert said["gold"] == 4
    assert said["annotators"]["annotator"] == ["ann"]
    assert (said["annotators"]["gold"], said["annotators"]["right"]) == ([2], [1])
    assert "ann" in run("gold", "t").out
    assert run("gold", "t", known, "--drop", "--json").json["gold"] == 0


def test_a_row_that_cannot_be_used_is_named_and_nothing_is_changed(run, ids):
    wrong = write(
        "gold.csv", ("id", "label"), [(ids[0], "spam"), ("zz", "spam"), (ids[1], "up"), (ids[0], "ham")]
    )
    done = run("gold", "t", wrong)
    assert done.code == 1
    for words in (
        "line 3: there is no item 'zz'",
        "line 4: 'up' is not a label",
        "line 5",
        "two answers",
        "--skip-bad",
    ):
        assert words in done.err
    assert run("gold", "t", "--json").json["gold"] == 0
    assert run("gold", "t", wrong, "--skip-bad", "--json").json["gold"] == 1


def test_who_is_asked_what_from_a_file_or_by_lot(run, ids):
    to = write("to.csv", ("id", "to"), [(ids[0], "ann"), (ids[1], "ann, bob"), (ids[2], "")])
    assert run("assign", "t", to, "--json").json == {"assigned": {"ann": 2, "bob": 1}, "left_out": []}
    with Project.open("t", writing=False) as it:
        assert it.state.assigned == {ids[0]: ("ann",), ids[1]: ("ann", "bob")}
    assert run("assign", "t", "--share", "ann,bob,cal", "--json").json["assigned"] == {
        "ann": 10,
        "bob": 10,
        "cal": 10,
    }
    assert "bob" in run("assign", "t", write("none.csv", ("id", "to"), [(ids[0], "")])).out
    for words in ((), (to, "--share", "ann")):
        done = run("assign", "t", *words)
        assert done.code == 1
        assert "--share" in done.err


def test_doctor_names_whose_items_nobody_is_asked(run, ids, tmp_path):
    accounts = Accounts(secret_of(tmp_path / "t"), tmp_path / "t")
    for name in ("ann", "bob"):
        accounts.accept(accounts.invite(name, None, "me", ROLES["owner"]))
    with Project.open("t") as it:
        it.team.assign(ids[:3], ["bob"])
        it.team.assign(ids[3:5], ["ann", "bob"])
        it.team.assign(ids[5:6], ["eve"])  # who may come yet
        it.tell(Answer(item=ids[0], label="ham", by="bob"))
    assert run("doctor", "t").code == 0
    accounts.remove("bob", ROLES["owner"])
    done = run("doctor", "t")
    assert done.code == 1
    assert "2 items are asked of nobody but bob, who may come in no more" in done.out
    accounts.accept(accounts.invite("bob", None, "me", ROLES["owner"]))
    assert run("doctor", "t").code == 0


def test_a_priority_must_be_a_column_of_numbers(run):
    write("r.csv", ("id", "text", "urgent"), [(i, f"text {i}", i % 3) for i in range(30)])
    init = ("init", "p", "r.csv", "--text", "text", "--id", "id", "--labels", "a,b")
    done = run(*init, "--priority", "nope")
    assert (done.code, Path("p").exists()) == (1, False)
    assert "no 'nope'" in done.err
    assert run(*init, "--priority", "urgent", "--overlap", "0.3", "--gold", "0", "--relabel").code == 0
    with Project.open("p") as it:
        assert (it.settings.overlap, it.settings.gold, it.settings.relabel) == (0.3, 0, True)
        assert {int(q.item) % 3 for q in it.ask(8, "ann")} == {2}
