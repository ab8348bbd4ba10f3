"""The loop as a user of the library sees it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from asklearn import Answer, Project, classes, stopping
from asklearn.errors import AnswerError, DataError, KeyReused, NotReady, SettingError
from asklearn.events import Asked, Audited, Learned, Measured, Stopped
from asklearn.journal.memory import MemoryJournal

TASK = classes(["left", "right"])


def rows(n=60, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2))


def truth(X, row):
    return "right" if X[row, 0] > 0 else "left"


def project(X=None, **settings):
    return Project(rows() if X is None else X, TASK, **({"audit": 0} | settings))


def answer_all(project, X, questions, by="me"):
    project.tell([Answer(item=q.item, label=truth(X, q.row), by=by) for q in questions])


def kinds(project):
    return Counter(type(event).__name__ for _, event in project.events())


def test_ask_tell_learn_predict():
    X = rows(200)
    with project(X, strategy="margin") as it:
        assert [q.reason.strategy for q in it.ask(2)] == ["margin", "margin"]
        for _ in range(4):
            answer_all(it, X, it.ask(10))
            it.learn()
        said = it.predict(X)
        assert np.mean([label == truth(X, i) for i, label in enumerate(said["label"])]) > 0.95
        by_id = it.predict(list(it.pool.ids[:3]))
        assert by_id["label"] == said["label"][:3]
        assert by_id["item"] == list(it.pool.ids[:3])
        assert len(it.labels()["item"]) == 40


def test_nobody_is_asked_twice_and_what_is_held_is_not_asked():
    with project(overlap=0) as it:
        mine, yours = it.ask(20, "ann"), it.ask(20, "bob")
        assert len({q.item for q in mine + yours}) == 40
        it.release([q.item for q in mine[:5]], "ann")
        again = it.ask(100, "bob")
        assert {q.item for q in mine[:5]} <= {q.item for q in again}
        assert len(again) == 25
        assert it.ask(1, "eve") == []


def test_holding_returns_the_same_questions_again():
    with project() as it:
        asked = it.ask(3, "ann")
        held = it.holding("ann")
        assert [(q.item, q.batch, q.reason, q.chance) for q in held] == [
            (q.item, q.batch, q.reason, q.chance) for q in asked
        ]


def test_the_same_seed_asks_the_same_questions():
    def run(seed):
        X = rows()
        with project(X, seed=seed, audit=0.2, strategy="mix(margin, share=0.2)") as it:
            for _ in range(3):
                answer_all(it, X, it.ask(8))
                it.learn()
            return list(it.state.answers)

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_choosing_ahead_gives_the_same_kind_of_batch_and_stale_plans_are_dropped():
    X = rows(300)
    with project(X, strategy="margin") as it:
        answer_all(it, X, it.ask(20))
        it.learn()
        first = [q for _ in range(5) for q in it.ask(2, ahead=20)]
        scores = [q.reason.score for q in first]
        assert scores == sorted(scores, reverse=True), "five calls walk down one list"
        assert len({q.item for q in first}) == 10
        answer_all(it, X, first)
        it.learn()
        fresh = it.ask(5, ahead=20)
        best = max(q.reason.score for q in it.ask(200, "bob"))
        assert fresh[0].reason.score >= best


def test_among_asks_only_these():
    with project(strategy="margin") as it:
        wanted = list(it.pool.ids[10:14])
        assert sorted(q.item for q in it.ask(10, among=wanted)) == sorted(wanted)
        with pytest.raises(DataError, match="no item 'nobody'"):
            it.ask(1, among=["nobody"])


@pytest.mark.parametrize("n", [-1, 1.5, "3", True])
def test_a_senseless_n_is_refused(n):
    with project() as it, pytest.raises(SettingError, match="n is how many"):
        it.ask(n)


# -- telling -------------------------------------------------------------------------------------------------------


def test_the_same_key_counts_once_and_another_body_is_refused():
    with project() as it:
        item = it.pool.ids[0]
        for _ in range(3):
            it.tell(Answer(item=item, label="left", key="k", seconds=2.0))
        with pytest.raises(KeyReused, match="'k'"):
            it.tell(Answer(item=item, label="right", key="k"))
        assert kinds(it)["Answered"] == 1
        assert it.labels()["label"] == ["left"]


def test_all_answers_of_a_call_or_none():
    with project() as it:
        good = Answer(item=it.pool.ids[0], label="left")
        with pytest.raises(AnswerError, match=r"up.*not a label") as refused:
            it.tell([good, Answer(item=it.pool.ids[1], label="up")])
        assert refused.value.item == it.pool.ids[1]
        with pytest.raises(AnswerError, match="no item 'nobody'"):
            it.tell([good, Answer(item="nobody", label="left")])
        assert kinds(it)["Answered"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "left", "skip": True},
        {},
        {"label": "left", "seconds": -1.0},
        {"label": "left", "seconds": float("nan")},
        {"label": "left", "seconds": 1e308},
        {"label": "left", "key": ""},
        {"label": "left", "by": ""},
        {"undo": "never said"},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(wrong):
    with project() as it:
        with pytest.raises(AnswerError):
            it.tell(Answer(**({"item": it.pool.ids[0]} | wrong)))
        assert kinds(it)["Answered"] == 0


def test_undo_correction_skip_unsure_flag_note():
    with project() as it:
        a, b, c, d = it.pool.ids[:4]
        it.tell([Answer(item=a, label="left", key="1"), Answer(item=a, label="right", key="2")])
        assert it.labels()["label"] == ["right"], "a correction is another answer"
        it.tell(Answer(undo="2"))
        assert it.labels()["label"] == ["left"], "the answer before counts again"
        it.tell(Answer(undo="1"))
        assert it.labels()["label"] == []
        it.tell(
            [
                Answer(item=b, skip=True),
                Answer(item=c, unsure=True),
                Answer(item=d, flag=True, note="blurred"),
            ]
        )
        it.tell(Answer(item=a, note="hm"))
        status = it.status()
        assert (status["skipped"], status["unsure"], status["flagged"], status["labelled"]) == (1, 1, 1, 0)
        mine = {q.item for q in it.ask(100)}
        assert a in mine
        assert not {b, c, d} & mine
        it.release(mine, "me")
        yours = {q.item for q in it.ask(100, "bob")}
        assert {a, b, c} <= yours, "what one skipped is for others"
        assert d not in yours, "what is flagged is for nobody"


def test_history_is_newest_first_and_without_what_was_taken_back():
    with project() as it:
        for i, item in enumerate(it.pool.ids[:4]):
            it.tell(Answer(item=item, label="left", key=str(i)))
        it.tell(Answer(undo="3"))
        assert [entry["key"] for entry in it.history("me", 2)] == ["2", "1"]
        assert it.history("bob") == []


def test_redundancy_asks_several_people_and_counts_their_votes():
    with project(rows(5), redundancy=3) as it:
        for by, label in (("ann", "left"), ("bob", "right"), ("eve", "right")):
            asked = it.ask(10, by)
            assert len(asked) == 5
            it.tell([Answer(item=q.item, label=label, by=by) for q in asked])
        assert it.ask(1, "dan") == []
        assert it.labels()["label"] == ["right"] * 5
        assert it.labels()["confidence"] == pytest.approx([2 / 3] * 5)


def test_an_export_keeps_its_own_columns_and_the_files():
    import pandas as pd

    frame = pd.DataFrame({"id": [7, 8], "label": ["old", "older"], "x": [0.5, 1.5]})
    with Project(frame, TASK, audit=0) as it:
        it.tell(Answer(item=it.pool.ids[0], label="left"))
        first, second = it.export()
    said = {"label": "left", "confidence": 1.0, "answers": 1}
    assert first == {"id": it.pool.ids[0], "id_": 7, "label_": "old", "x": 0.5, **said}
    assert second["label"] is None


# -- learning ------------------------------------------------------------------------------------------------------


def test_no_model_before_two_classes():
    with project() as it:
        with pytest.raises(NotReady, match="no label"):
            it.learn()
        it.tell(Answer(item=it.pool.ids[0], label="left"))
        with pytest.raises(NotReady, match=r"all 1 labels.*'left'"):
            it.learn()
        with pytest.raises(NotReady, match="no model"):
            it.predict(rows(2))
        with pytest.raises(NotReady):
            it.estimate()


def test_the_estimators_own_errors_come_through():
    X = rows()
    with project(X, model=LogisticRegression(C=-1.0)) as it:
        answer_all(it, X, it.ask(20))
        with pytest.raises(ValueError, match="'C' parameter"):
            it.learn()
        assert kinds(it)["Learned"] == 0


def test_a_model_of_ones_own_sees_the_rows_as_they_are():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline

    texts = ["good film", "bad film", "good plot", "bad plot", "very good", "very bad"]
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    with Project(texts, classes(["bad", "good"]), model, audit=0) as it:
        it.tell(
            [
                Answer(item=i, label="good" if "good" in t else "bad")
                for i, t in zip(it.pool.ids, texts, strict=True)
            ]
        )
        it.learn()
        assert it.predict(["a good one"])["label"] == ["good"]


# -- honesty -------------------------------------------------------------------------------------------------------


def test_audit_items_are_drawn_with_their_chance_and_never_train():
    X = rows(400)
    with project(X, audit=0.25, strategy="margin") as it:
        for _ in range(10):
            answer_all(it, X, it.ask(20))
            it.learn()
        drawn = [event for _, event in it.events() if isinstance(event, Audited)]
        assert 30 <= len(drawn) <= 70, "a quarter of 200 questions"
        assert [e.chance for e in drawn] == pytest.approx([1 / (400 - i) for i in range(len(drawn))])
        last = [event for _, event in it.events() if isinstance(event, Learned)][-1]
        audited = {e.item for e in drawn}
        assert last.labels == len(set(it.state.labelled()) - audited)
        found = it.estimate()
        assert found.n == len(audited & set(it.state.labelled()))
        assert found.low <= found.value <= found.high


def test_the_audit_sample_is_uniform_over_the_whole_pool():
    """The strategy takes the first rows first; a draw from what it left over would favour the last ones."""
    counts = np.zeros(40)
    for seed in range(150):
        X = np.arange(40.0)[:, None] - 20
        with Project(X, TASK, audit=0.3, strategy=first_rows, seed=seed) as it:
            for _ in range(6):
                answer_all(it, X, it.ask(5))
                with suppress(NotReady):
                    it.learn()
            for item in it.state.audited:
                counts[it.pool.ids.index(item)] += 1
    expected = counts.sum() / 40
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert chi2 < 73  # 39 degrees of freedom: passed by a fair draw 999 times in 1,000


def first_rows(proba, n):
    return np.arange(min(n, len(proba)))


def test_an_audit_item_nobody_answered_is_asked_again_first():
    X = rows(100)
    with project(X, audit=0.5) as it:
        asked = it.ask(20)
        held = [q.item for q in asked if q.audit]
        assert held
        it.release([q.item for q in asked], "me")
        assert set(held) <= {q.item for q in it.ask(len(held) + 5)}


def test_stop_rules_advise_and_are_recorded_once():
    X = rows(300)
    with project(X, audit=0.4, stop=stopping.target(0.6), budget=100) as it:
        for _ in range(12):
            answer_all(it, X, it.ask(10))
            it.learn()
        advice = it.advice()
        assert advice.stop
        assert any("target was 0.6" in why for why in advice.why)
        assert any("budget of 100" in why for why in advice.why)
        assert [e.rule for _, e in it.events() if isinstance(e, Stopped)] == [
            repr(stopping.target(0.6)),
            repr(stopping.budget(100)),
        ]
        assert [p["labels"] for p in it.curve()] == [
            e.labels for _, e in it.events() if isinstance(e, Measured)
        ]


def test_successive_models_are_compared():
    X = rows(300)
    with project(X) as it:
        for _ in range(3):
            answer_all(it, X, it.ask(30))
            it.learn()
        kappas = [e.kappa for _, e in it.events() if isinstance(e, Learned)]
        assert kappas[0] is None
        assert all(0.5 < k <= 1 for k in kappas[1:])


# -- the record ----------------------------------------------------------------------------------------------------


def test_a_journal_is_taken_up_where_it_was_left():
    X, journal = rows(), MemoryJournal()
    first = project(X, journal=journal, strategy="margin")
    answer_all(first, X, first.ask(20))
    first.learn()
    later = project(X, journal=journal, strategy="margin")
    assert later.labels() == first.labels()
    assert later.predict(X) == first.predict(X), "the model is fitted again to what it had learned from"


def test_a_journal_over_other_rows_is_refused():
    journal = MemoryJournal()
    project(rows(seed=0), journal=journal)
    with pytest.raises(SettingError, match="another pool"):
        project(rows(seed=1), journal=journal)


def test_every_question_can_be_replayed_from_the_record():
    X = rows()
    with project(X, strategy="mix(margin, share=0.5)", seed=7) as it:
        answer_all(it, X, it.ask(20))
        it.learn()
        asked = it.ask(10)
        fact = [event for _, event in it.events() if isinstance(event, Asked)][-1]
        assert fact.items == tuple(q.item for q in asked)
        assert fact.strategy == "mix(margin, share=0.5)"
        assert fact.model == "1"
        assert fact.seed[0] == 7
        assert len(fact.scores) == len(fact.chances) == len(fact.arms) == 10
        assert {"random"} < set(fact.arms)


def test_many_threads_ask_and_tell_and_nothing_is_handed_out_twice():
    X = rows(400)
    with project(X, strategy="margin", overlap=0) as it:
        answer_all(it, X, it.ask(10))
        it.learn()
        got: dict[str, list[str]] = {}

        def work(by):
            got[by] = []
            while questions := it.ask(3, by, ahead=10):
                got[by] += [q.item for q in questions]
                answer_all(it, X, questions, by)

        threads = [threading.Thread(target=work, args=(f"p{i}",)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        everything = [item for items in got.values() for item in items]
        assert len(everything) == len(set(everything)) == 390
        assert len(it.labels()["item"]) == 400


def test_a_strategy_that_the_model_cannot_serve_is_refused_at_once():
    with pytest.raises(SettingError, match="draws"):
        project(strategy=wants_draws)


def wants_draws(draws, n):
    return np.arange(n)
