"""Who is asked what when several people answer: second readings, gold items, assignments, priorities, broken leases."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB

from asklearn.asking import Pick
from asklearn.beside import NONE, Offer, beside, in_doubt, in_turn
from asklearn.errors import AnswerError, DataError, SettingError
from asklearn.events import Asked, Gilded, Released
from asklearn.journal.memory import MemoryJournal
from asklearn.learning import training_set
from asklearn.people.answers import DRAWN, HIDDEN, Answer
from asklearn.people.doubts import Doubts
from asklearn.people.priority import tiers
from asklearn.people.readers import readers
from asklearn.project import Project
from asklearn.tasks import classes

TASK = classes(["left", "right"])


def rows(n=200, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2))


def project(n=200, **settings):
    return Project(rows(n), TASK, **({"audit": 0, "overlap": 0, "hide": 0, "strategy": "random"} | settings))


def answer(it, questions, by, label=lambda row: "left" if row % 2 else "right"):
    it.tell([Answer(item=q.item, label=label(q.row), by=by) for q in questions])


def turns(it, people, rounds, n=5, **told):
    """Everybody asks and answers in turn; annotator -> the items they were asked, in order."""
    got = {by: [] for by in people}
    for _ in range(rounds):
        for by in people:
            questions = it.ask(n, by)
            got[by] += [q.item for q in questions]
            answer(it, questions, by, **told)
    return got


def asked(it):
    return [event for _, event in it.events() if isinstance(event, Asked)]


# -- how many read an item -----------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(1, 4), st.floats(0, 0.99), st.integers(0, 99), st.integers(0, 50))
def test_more_rows_change_nothing_for_those_before(n, redundancy, overlap, seed, more):
    found = readers(n, redundancy, overlap, seed)
    assert set(found.tolist()) <= {redundancy, max(redundancy, 2)}
    assert (readers(n + more, redundancy, overlap, seed)[:n] == found).all()


def test_the_share_that_two_people_read_is_the_one_that_was_set():
    found = readers(20_000, 1, 0.1, seed=3)
    assert np.mean(found == 2) == pytest.approx(0.1, abs=0.01)
    assert (readers(20_000, 3, 0.1, seed=3) == 3).all()


def test_one_person_alone_never_waits_and_is_asked_nothing_twice():
    with project(60, overlap=0.5) as it, project(60) as without:
        alone, before = turns(it, ["ann"], 13), turns(without, ["ann"], 13)
        assert alone == before
        assert len(set(alone["ann"])) == 60
        assert it.status()["advice"]
        assert not it._record.leases.free().any(), "all is done"
        assert "again" not in {arm for event in asked(it) for arm in event.arms}


def test_two_people_read_the_overlap_and_nothing_else_twice():
    with project(400, overlap=0.2) as it:
        got = turns(it, ["ann", "bob"], 60)
        twice = set(got["ann"]) & set(got["bob"])
        wanted = {it.pool.ids[row] for row in np.flatnonzero(readers(400, 1, 0.2, 0) == 2)}
        assert twice == wanted
        assert set(got["ann"]) | set(got["bob"]) == set(it.pool.ids)
        assert max(Counter(got["ann"]).values()) == 1


def test_second_readings_come_before_long_and_leave_room_for_chosen_items():
    with project(3000, overlap=0.1) as it:
        turns(it, ["ann"], 60)
        got = turns(it, ["ann", "bob"], 60)
        due = {
            item
            for item, said in it.state.answers.items()
            if readers(3000, 1, 0.1, 0)[it._learner.positions[item]] == 2
        }
        read = {item for item in due if len(it.state.labels_of(item)) == 2}
        assert len(read) > 0.6 * len(due), "60 were due when bob came: they are worked off"
        new = [item for item in got["bob"] if len(it.state.labels_of(item)) == 1]
        assert len(new) > 0.7 * len(got["bob"])


def test_redundancy_gets_second_readings_early_too():
    with project(1000, redundancy=2) as it:
        turns(it, ["ann", "bob", "eve"], 20)
        counts = Counter(len(said) for said in it.state.answers.values())
        assert counts[2] > counts[1]
        assert not counts.keys() - {1, 2}


def test_a_second_reading_looks_like_a_draw_and_shows_no_proposal():
    with project(300, overlap=0.3, strategy="margin") as it:
        turns(it, ["ann", "bob"], 6)
        it.learn()
        for _ in range(20):
            for by in ("ann", "bob"):
                questions = it.ask(5, by)
                arms = asked(it)[-1].arms
                for question, arm in zip(questions, arms, strict=True):
                    assert question.blind == (arm == "again"), "margin draws none at random"
                    assert (question.reason.score is None) == (arm == "again")
                assert [q.reason for q in it.holding(by)] == [q.reason for q in questions]
                answer(it, questions, by)
        assert "again" in {arm for event in asked(it) for arm in event.arms}


def test_what_is_asked_again_shows_no_proposal_and_tells_nothing_of_it():
    rng = np.random.default_rng(2)
    options = {"relabel": True, "strategy": "margin", "model": GaussianNB(), "consensus": "majority"}
    with project(120, gold=0.2, **options) as it:
        gilded(it, 15)
        read = 0
        for turn in range(30):
            by = ("ann", "bob", "cal")[turn % 3]
            questions = it.ask(5, by)
            for question, arm in zip(questions, asked(it)[-1].arms, strict=True):
                if arm == "again":
                    read += 1
                    assert question.blind
                    assert question.reason.words in (HIDDEN, DRAWN)
                    assert question.reason.score is None
                    assert by not in it.state.labels_of(question.item)
                    assert it.state.labels_of(question.item), "somebody else has answered it"
            assert [(q.reason, q.blind) for q in it.holding(by)] == [(q.reason, q.blind) for q in questions]
            answer(it, questions, by, lambda row: ("left", "right")[(row % 2) ^ int(rng.random() < 0.3)])
            if turn % 3 == 2:
                it.learn()
        assert read > 5


@pytest.mark.slow
def test_what_is_in_doubt_is_known_behind_peoples_backs_and_again_after_opening(tmp_path):
    def doubtful(it):
        it.keep_learning()
        end = time.monotonic() + 120
        while it._learner.serving is None or it._learner.serving.doubts is None:
            assert time.monotonic() < end, it.learning()
            time.sleep(0.1)
        return set(it._learner.serving.doubts.rows.tolist())

    with project(60, relabel=True, model="logistic", batch=1000, path=tmp_path / "p") as it:
        right = ["left" if x > 0 else "right" for x in rows(60)[:, 0]]
        said = [("ann", i, right[i]) for i in range(30)]
        said += [("bob", i, right[i] if i % 3 else "left") for i in range(20)]
        it.tell([Answer(item=it.pool.ids[i], label=label, by=by) for by, i, label in said])
        assert doubtful(it) <= set(range(30))
    with Project.open(tmp_path / "p") as it:
        assert doubtful(it) <= set(range(30))
        it.ask(10, "cal")
        assert "again" in asked(it)[-1].arms


def test_a_second_reading_of_what_measures_the_model_is_an_audit_item_still():
    with project(100, redundancy=2, audit=0.5) as it:
        turns(it, ["ann", "bob"], 60)
        audited = [i for e in asked(it) for i, arm in zip(e.items, e.arms, strict=True) if arm == "audit"]
        assert set(audited) <= set(it.state.audited)
        assert max(Counter(audited).values()) == 2
        assert all(len(it.state.labels_of(item)) == 2 for item in it.pool.ids)


# -- many at once --------------------------------------------------------------------------------------------------


def crowd(it, people, seed, lease=120.0, vanish=()):
    """All people ask and answer at once, in threads, until nothing is left; annotator -> items, in order.

    Those of `vanish` ask twice, answer nothing, and are seen no more.
    """
    got: dict[str, list[str]] = {f"p{i}": [] for i in range(people)}
    failures: list[BaseException] = []

    def done():
        with it._record.now():
            return not it._record.leases.free().any() and it._record.leases.count() == 0

    def work(by):
        rng = np.random.default_rng([seed, int(by[1:])])
        try:
            begin.wait()
            if by in vanish:
                it.ask(5, by, lease=lease)
                it.ask(3, by, lease=lease, ahead=5)
                return
            while not done():
                questions = it.ask(int(rng.integers(1, 6)), by, lease=lease, ahead=int(rng.integers(0, 30)))
                got[by] += [q.item for q in questions]
                answer(it, questions, by)
                if not questions:
                    time.sleep(0.005)
        except BaseException as error:  # shown by the test, not by the thread
            failures.append(error)

    begin = threading.Barrier(people)
    threads = [threading.Thread(target=work, args=(by,)) for by in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return got


def everyone_once(it, got, k, vanished=()):
    """Every item has exactly k answers, of k people, and whoever stayed had work."""
    read = Counter(item for items in got.values() for item in items)
    assert set(read.values()) == {k}
    assert set(read) == set(it.pool.ids)
    assert all(len(items) == len(set(items)) for items in got.values())
    assert all(items for by, items in got.items() if by not in vanished)
    assert {len(said) for said in it.state.answers.values()} == {k}


@pytest.mark.parametrize("k", [1, 2, 3])
def test_people_at_once_get_every_item_answered_exactly_so_often(k):
    with project(1000, redundancy=k) as it:
        everyone_once(it, crowd(it, 50, seed=k), k)


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("strategy", ["random", "k_center"])
def test_fifty_people_at_once_get_a_thousand_items_answered(k, strategy, tmp_path):
    with project(1000, redundancy=k, strategy=strategy, path=tmp_path / "p") as it:
        everyone_once(it, crowd(it, 50, seed=k), k)


def test_what_a_vanished_person_held_comes_back_within_the_lease():
    gone = {"p0", "p1", "p2"}
    with project(100, redundancy=2) as it:
        began = time.monotonic()
        got = crowd(it, 8, seed=0, lease=1.0, vanish=gone)
        assert time.monotonic() - began >= 0.9, "nobody took what was theirs before"
        everyone_once(it, got, 2, vanished=gone)


def test_a_clock_that_jumps_by_days_changes_nothing(monkeypatch):
    """The wall clock jumps while people work, and the record is folded anew now and then."""
    rng, now = np.random.default_rng(0), time.time
    shift = [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + shift[0])
    with project(1000, redundancy=2) as it:
        stop = threading.Event()

        def jump():
            while not stop.wait(0.02):
                shift[0] = float(rng.choice([-86_400, 0, 86_400, 3600]))
                it._record.reload()

        jumping = threading.Thread(target=jump)
        jumping.start()
        try:
            everyone_once(it, crowd(it, 10, seed=1), 2)
        finally:
            stop.set()
            jumping.join()


# -- places and who takes them -------------------------------------------------------------------------------------


def offer(**given):
    default = {"due": NONE, "later": 0, "share": 0.0, "doubtful": NONE, "worth": np.empty(0)}
    return Offer(**(default | {"gold": NONE, "gold_share": 0.0, "audited": {}} | given))


def chosen(n, score=0.5, arm="margin"):
    return [Pick(row, score, None, arm, plan=7) for row in range(n)]


picks_of = st.integers(0, 12)


@given(picks_of, picks_of, picks_of, picks_of, st.floats(0, 1), st.floats(0, 1), st.integers(0, 999))
def test_every_place_is_taken_once(new, due, doubtful, gold, often, golden, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(new, new + 5))
    made = offer(
        due=np.arange(100, 100 + due),
        share=often,
        doubtful=np.arange(100, 100 + doubtful) + 5 * (seed % 3),
        worth=rng.random(300),
        gold=np.arange(200, 200 + gold),
        gold_share=golden,
    )
    before = chosen(new)
    found, back = beside(before, n, made, rng)
    places = [pick.position for pick in found]
    assert len(places) == len(set(places))
    others = {*made.due.tolist(), *made.doubtful.tolist()}
    plain, _ = beside(before, n, replace(made, gold_share=0.0), np.random.default_rng(seed))
    assert len(plain) == min(n, new + len(others - {pick.position for pick in plain[:new]}))
    kept = [pick for pick in found if pick.arm == "margin"]
    assert sorted(kept + back, key=lambda pick: pick.position) == before
    assert [pick.position for pick in back] == sorted(pick.position for pick in back), "in their order"
    for pick in found:
        assert (
            pick.look
            in {"margin": ("",), "again": ("random", ""), "gold": ("margin", "random", "again")}[pick.arm]
        )


def test_an_item_in_doubt_takes_the_place_of_a_new_one_that_tells_less():
    worth = np.array([0.4, 0.1, 0.3, 0.2, 0, 0, 0.35, 0.25, 0.05])
    made = offer(doubtful=np.array([6, 7, 8]), worth=worth)
    found, back = beside(chosen(4), 4, made, np.random.default_rng(0))
    assert [pick.position for pick in found] == [0, 6, 2, 7]
    assert [pick.position for pick in back] == [1, 3]
    unknown = offer(
        doubtful=np.array([0]), worth=np.ones(1)
    )  # rows added since the model: nobody knows their worth
    assert beside(chosen(4)[1:], 3, unknown, np.random.default_rng(0)) == (chosen(4)[1:], [])


def test_what_is_in_doubt_is_no_longer_once_somebody_answers_or_holds_it():
    with project(8) as it:
        ids, leases = it.pool.ids, it._record.leases
        it.tell([Answer(item=item, label="left", by="ann") for item in ids[:6]])
        worth = np.linspace(1, 0, 8, dtype=np.float32)
        doubts = Doubts(np.arange(6), np.ones(6, dtype=int), ("ann", "bob", "", "bob", "cal", "bob"), worth)
        assert in_doubt(doubts, "bob", leases, ids).tolist() == [1, 3, 5, 0, 2, 4], (
            "those meant for bob first"
        )
        assert in_doubt(doubts, "ann", leases, ids).tolist() == []
        it.tell(Answer(item=ids[3], label="right", by="dan"))
        it.tell(Answer(item=ids[5], flag=True, by="dan"))
        it.team.assign([ids[0]], ["cal"])
        assert in_doubt(doubts, "bob", leases, ids).tolist() == [1, 2, 4]
        assert in_doubt(None, "bob", leases, ids).tolist() == []
        assert in_doubt(replace(doubts, worth=None), "bob", leases, ids).tolist() == []


def test_readings_go_to_their_owner_first_and_to_others_last():
    doubts = Doubts(np.array([1, 2, 3]), np.array([2, 2, 2]), ("ann", "bob", ""))
    for seed in range(20):
        due, later = in_turn(np.arange(6), 6, doubts, "ann", np.random.default_rng(seed))
        assert (due[0], due[-1], later) == (1, 2, 1)
    assert in_turn(np.arange(6), 2, doubts, "ann", np.random.default_rng(0))[1] == 0


# -- the best of those who ask -------------------------------------------------------------------------------------


def test_disagreed_items_go_to_the_best_of_those_who_ask():
    """Four people, redundancy 3: a third reading of what two differ on goes to the reliable ones."""
    rng = np.random.default_rng(1)
    right = {"ann": 0.97, "bob": 0.95, "cal": 0.6, "dan": 0.55}

    def told(by):
        return lambda row: ("left", "right")[(row % 2) ^ int(rng.random() > right[by])]

    with project(400, redundancy=3, consensus="majority", model=GaussianNB()) as it:
        third: Counter[str] = Counter()
        for turn in range(200):
            by = list(right)[turn % 4]
            questions = it.ask(5, by)
            for question in questions:
                before = [*it.state.labels_of(question.item).values()]
                if len(before) == 2 and len(set(before)) == 2 and turn > 40:
                    third[by] += 1
            answer(it, questions, by, told(by))
            if turn % 8 == 7:
                it.learn()
        assert sum(third.values()) > 50
        assert third["ann"] + third["bob"] > 1.5 * (third["cal"] + third["dan"])


# -- gold ----------------------------------------------------------------------------------------------------------


def gilded(it, n=10):
    known = {it.pool.ids[row]: "left" if row % 2 else "right" for row in range(n)}
    it.team.gild(known, by="eve")
    return known


def test_each_gold_item_is_asked_once_of_everybody_at_its_share():
    with project(1000, gold=0.2) as it:
        known = gilded(it, 20)
        got = turns(it, ["ann", "bob"], 60)
        for by in got:
            seen = [item for item in got[by] if item in known]
            assert sorted(seen) == sorted(known)
        first = [item in known for item in got["ann"][:50]]
        assert 3 <= sum(first) <= 18
        table = it.team.gold()
        assert table["annotator"] == ["ann", "bob"] or sorted(table["annotator"]) == ["ann", "bob"]
        assert table["gold"] == [20, 20]
        assert table["right"] == [20, 20]


@pytest.mark.parametrize("second", [False, True])
def test_what_was_swept_is_read_again_whether_a_second_person_came_before_or_after(second):
    X = np.linspace(0, 1, 60)[:, None]
    with Project(X, TASK, audit=0, overlap=0.5) as project:
        ids = project.pool.ids
        if second:
            project.ask(1, "bob", among=ids[59:])
        swept = project.bulk.sweep(ids[:40], "left", "ann")
        project.ask(1, "ann", among=ids[58:59])
        project.ask(1, "bob", among=ids[57:58])
        leases = project._record.leases
        again = {ids[row] for row in np.flatnonzero(leases.open_for("bob"))}
        assert {
            item for item in swept if leases.enough(item) == 2 and item not in project.state.checks
        } <= again


def test_gold_looks_like_the_questions_around_it():
    with project(400, gold=0.4, strategy="margin") as it:
        turns(it, ["ann"], 6)
        it.learn()
        known = gilded(it, 60)
        found = Counter()
        for _ in range(20):
            questions = it.ask(5, "ann")
            for question in questions:
                gold = question.item in known and question.item in it.state.aside
                found[gold] += 1
                assert question.reason.strategy == "margin"
                assert question.reason.score is not None
                assert question.proposal is not None
                assert not question.audit
                assert "gold" not in repr(question)
                assert question.reason.words.startswith("the model")
            assert [q.reason for q in it.holding("ann")] == [q.reason for q in questions]
            answer(it, questions, "ann")
        assert found[True] > 20
        assert found[False] > 20


def test_gold_where_only_draws_are_asked_is_a_draw():
    with project(100, gold=0.5) as it:
        gilded(it)
        assert {q.reason.words for q in it.ask(20, "ann")} == {DRAWN}


def test_gold_trains_and_measures_nothing_unless_it_is_ordinary_too():
    with project(80, gold=0.5, audit=0.3) as it:
        first = it.ask(10, "ann")
        answer(it, first, "ann")
        ordinary, new = first[0].item, next(i for i in it.pool.ids if i not in it.state.answers)
        it.team.gild({ordinary: "left", new: "right"}, by="eve")
        turns(it, ["bob", "ann"], 40)
        assert set(it.state.labels_of(new)) == set(it.state.labels_of(ordinary)) == {"ann", "bob"}
        trained = set(training_set(it.state, TASK).items)
        assert new not in trained
        assert new not in it.state.audited
        assert ordinary in trained | set(it.state.audited)
        assert new not in it.state.labelled()
        assert it.status()["labelled"] == 80, "nobody can tell from a count what is gold"
        it.team.gild({new: None}, by="eve")
        assert it.status()["labelled"] == 80
        assert new in training_set(it.state, TASK).items
        assert it.team.gold()["gold"] == [1, 1]


def test_what_is_no_label_or_no_item_is_refused_and_nothing_is_gilded():
    with project(10) as it:
        a, b = it.pool.ids[:2]
        with pytest.raises(AnswerError, match=rf"{b}.*'up' is not a label"):
            it.team.gild({a: "left", b: "up"})
        with pytest.raises(DataError, match="no item 'nobody'"):
            it.team.gild({"nobody": "left"})
        assert it.state.gold == {}


def test_gold_is_in_the_record_and_survives_it():
    journal = MemoryJournal()
    with project(50, journal=journal) as it:
        known = gilded(it, 5)
        got = turns(it, ["ann"], 20)
        said = it.team.gold()
        assert said["gold"] == [sum(item in known for item in got["ann"])]
    with project(50, journal=journal) as it:
        assert it.state.gold == known
        assert it.team.gold() == said
        assert any(isinstance(event, Gilded) for _, event in it.events())
        left = set(known) - set(got["ann"])
        assert {it.pool.ids[row] for row in it._record.leases.gold_for("ann")} == left


# -- who may be asked ----------------------------------------------------------------------------------------------


def test_assigned_items_are_asked_of_their_people_alone():
    with project(60) as it:
        mine, both = it.pool.ids[:20], it.pool.ids[20:30]
        it.team.assign(mine, ["ann"], by="eve")
        it.team.assign(both, ["ann", "cal"])
        bob = {q.item for q in it.ask(60, "bob")}
        assert bob == set(it.pool.ids[30:])
        it.release(bob, "bob")
        assert {q.item for q in it.ask(60, "cal")} == set(it.pool.ids[20:])
        it.team.assign(mine, [])
        assert set(mine) <= {q.item for q in it.ask(60, "bob")}
        with pytest.raises(DataError, match="no item 'nobody'"):
            it.team.assign(["nobody"], ["ann"])
        with pytest.raises(SettingError, match=r"a list of names.*\['ann'\]"):
            it.team.assign(mine, "ann")


def test_what_one_alone_may_answer_waits_for_no_second_reader():
    with project(10, redundancy=2) as it:
        it.team.assign(it.pool.ids, ["ann"])
        turns(it, ["ann", "bob"], 3)
        assert not it._record.leases.free().any()


def test_open_items_are_dealt_out_evenly():
    with project(31) as it:
        answer(it, it.ask(3, "ann"), "ann")
        it.team.share(["ann", "bob", "cal"])
        sizes = Counter(to for to in it.state.assigned.values())
        assert sorted(sizes.values()) == [9, 9, 10]
        for by in ("ann", "bob", "cal"):
            assert {it.state.assigned[q.item] for q in it.ask(40, by)} == {(by,)}
        with pytest.raises(SettingError, match="share among whom"):
            it.team.share([])


def test_a_manager_breaks_leases():
    with project(40) as it:
        ann, bob = it.ask(3, "ann"), it.ask(3, "bob")
        assert [(lease["by"], lease["item"]) for lease in it.team.leases()] == [
            *(("ann", q.item) for q in ann),
            *(("bob", q.item) for q in bob),
        ]
        assert all(110 < lease["seconds"] <= 120 for lease in it.team.leases())
        it.team.break_leases(items=[ann[0].item, bob[0].item, it.pool.ids[39]], broken_by="eve")
        assert len(it.holding("ann")) == len(it.holding("bob")) == 2
        it.team.break_leases(by="bob", broken_by="eve")
        assert it.holding("bob") == []
        ends = [event for _, event in it.events() if isinstance(event, Released)]
        assert {end.broken_by for end in ends} == {"eve"}
        free = {q.item for q in it.ask(40, "cal")}
        assert {q.item for q in bob} | {ann[0].item} <= free
        answer(it, bob[:1], "bob")  # what was on the screen may still be answered
        with pytest.raises(SettingError, match="which leases"):
            it.team.break_leases()


# -- what comes first ----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 40))
def test_tiers_hold_the_highest(numbers, n):
    priority = np.array(numbers, dtype=float)
    taken = [float(priority[row]) for found, k in tiers(priority, n) for row in found[:k]]
    assert sorted(taken, reverse=True) == sorted(numbers, reverse=True)[:n]
    assert sum(k for _, k in tiers(priority, n)) == min(n, len(numbers))


def table(n=60):
    import pandas as pd

    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=n), "urgent": [i % 3 for i in range(n)]})


def test_the_highest_priority_is_asked_first():
    frame = table()
    for strategy in ("margin", "random", "mix(margin, share=0.5)"):
        with Project(frame, TASK, audit=0, strategy=strategy, priority="urgent") as it:
            order = [frame["urgent"][q.row] for _ in range(6) for q in it.ask(10, ahead=7)]
            assert order == sorted(order, reverse=True)
            assert len(order) == 60


def test_a_strategy_that_asks_for_the_priority_gets_it():
    frame = table()
    seen = []

    def mine(*, n, priority, rng):
        seen.append(priority.copy())
        return np.argsort(priority, kind="stable")[:n]

    with Project(frame, TASK, audit=0, strategy=mine, priority="urgent") as it:
        assert {frame["urgent"][q.row] for q in it.ask(20)} == {0}
        assert sorted(seen[0].tolist()) == sorted(frame["urgent"].tolist())
    with pytest.raises(SettingError, match=r"needs priority.*column of the pool"):
        Project(frame, TASK, strategy=mine)


def test_a_priority_that_is_none_is_named():
    frame = table().astype({"urgent": object})
    frame.loc[4, "urgent"] = "soon"
    with (
        Project(frame, TASK, audit=0, priority="urgent") as it,
        pytest.raises(DataError, match=r"'soon'.*'urgent'"),
    ):
        it.ask(1)
    with (
        Project(frame, TASK, audit=0, priority="nope") as it,
        pytest.raises(SettingError, match=r"no 'nope'.*x, urgent"),
    ):
        it.ask(1)


@pytest.mark.parametrize("wrong", [{"overlap": 1}, {"gold": -0.1}, {"relabel": "yes"}, {"overlap": "much"}])
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        project(5, **wrong)


def test_doubt_never_leaves_a_model_without_two_classes():
    rng = np.random.default_rng(0)
    with project(60, relabel=True, model=GaussianNB()) as it:
        said = [
            "left" if rng.random() < 0.85 else "right" for _ in range(30)
        ]  # noise: the model doubts the rare ones
        it.tell([Answer(item=it.pool.ids[i], label=label, by="ann") for i, label in enumerate(said)])
        it.learn()
        assert set(it.predict(rows(5))["label"]) <= {"left", "right"}


def test_gold_looks_like_the_question_it_replaces_and_where_it_was_swept_like_a_check():
    chosen = [Pick(1, 0.5, None, "margin", model="3")]
    for swept, look in ((frozenset(), "margin"), (frozenset({7}), "random")):
        offer = Offer(NONE, 0, 0.0, NONE, np.empty(0), np.array([7]), 1.0, {}, swept)
        [pick], back = beside(chosen, 1, offer, np.random.default_rng(0))
        assert (pick.position, pick.arm, pick.look, pick.score, pick.model) == (7, "gold", look, 0.5, "3")
        assert back == chosen
