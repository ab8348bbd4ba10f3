"""Many items at once: what a bulk label is worth, what it must not touch or tell, and the map it is drawn on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from serving import serving, until
from starlette.testclient import TestClient

from asklearn import learning
from asklearn.errors import AnswerError, KeyReused
from asklearn.events import Answered, Asked, Audited, Event, Gilded, Retracted, Swept, decode, encode
from asklearn.features import plane
from asklearn.journal.memory import MemoryJournal
from asklearn.mapping import doubt, kept
from asklearn.people import sweeps
from asklearn.people.answers import DRAWN, Answer
from asklearn.people.leases import Leases
from asklearn.project import Project
from asklearn.server import Sessions, create_app
from asklearn.state import State, fold
from asklearn.tasks import named
from asklearn.tasks.classes import classes

SECRET = "a-secret-that-is-long-enough-for-a-test"
LABELS = ["low", "high"]


def rows(n: int = 200) -> np.ndarray:
    """Two clouds, far apart: the first half of the rows is one of them."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 4)) + 8.0 * (np.arange(n) >= n // 2)[:, None]


@pytest.fixture
def project() -> Iterator[Project]:
    with Project(rows(), classes(LABELS), audit=0.0) as project:
        yield project


def audited(*items: str) -> MemoryJournal:
    """A record in which these items were drawn to measure the model before anything else happened."""
    with Project(rows(), classes(LABELS), journal=(journal := MemoryJournal())):
        pass
    journal.append([Audited(item=item, chance=0.01) for item in items])
    return journal


# -- what a bulk act is ----------------------------------------------------------------------------------------


def test_a_sweep_labels_all_at_once_and_an_undo_takes_all_of_it_back(project):
    ids = list(project.pool.ids)
    assert project.bulk.sweep(ids[:50], "low", key="first", seconds=4) == ids[:50]
    assert project.bulk.sweep(ids[:50], "low", key="first") == ids[:50]  # said again: no news
    assert [act["items"] for act in project.bulk.acts()] == [50]
    assert (project.status()["swept"], project.status()["labelled"]) == (50, 0)
    table = project.labels()
    assert (table["item"], set(table["answers"]), set(table["confidence"])) == (
        ids[:50],
        {0},
        {sweeps.WEIGHT},
    )
    assert sum(row["label"] == "low" for row in project.export()) == 50
    project.tell(Answer(undo="first"))
    assert (project.status()["swept"], project.labels()["item"], project.bulk.acts()) == (0, [], [])
    assert len([event for _, event in project.events() if isinstance(event, Swept)]) == 1
    assert len(project.ask(200)) == 200  # all are to be asked again


def test_a_key_is_for_one_act_only(project):
    ids = project.pool.ids
    project.bulk.sweep(ids[:5], "low", key="k")
    project.tell(Answer(item=ids[9], label="low", key="single"))
    for items, label, by, key in [
        (ids[:5], "high", "me", "k"),
        (ids[:4], "low", "me", "k"),
        (ids[:5], "low", "bob", "k"),
        (ids[9:10], "low", "me", "single"),
    ]:
        with pytest.raises(KeyReused):
            project.bulk.sweep(items, label, by, key=key)
    with pytest.raises(KeyReused):
        project.tell(Answer(item=ids[0], label="low", key="k"))
    with pytest.raises(AnswerError, match="to take back"):
        project.tell(Answer(undo="k", by="bob"))


def test_what_nobody_may_sweep_is_refused_by_name(project):
    ids = list(project.pool.ids)
    with pytest.raises(AnswerError, match="'nowhere'") as refused:
        project.bulk.sweep([*ids[:3], "nowhere"], "low")
    assert refused.value.item == "nowhere"
    with pytest.raises(AnswerError, match="did you mean 'low'"):
        project.bulk.sweep(ids[:3], "lo")
    with pytest.raises(AnswerError, match="2,000 at most"):
        project.bulk.sweep(map(str, range(2001)), "low")
    for wrong in ({"by": ""}, {"key": ""}, {"seconds": -1.0}, {"seconds": float("nan")}):
        with pytest.raises(AnswerError):
            project.bulk.sweep(ids[:3], "low", **{"key": "k"} | wrong)
    assert not project.state.swept
    with (
        Project(rows(), named("number", ()), audit=0.0) as numbers,
        pytest.raises(AnswerError, match="'number'"),
    ):
        numbers.bulk.sweep(ids[:3], 3)


def test_others_items_and_ones_own_answers_are_left_alone(project):
    ids = list(project.pool.ids)
    held = [question.item for question in project.ask(3, by="bob")]
    mine = [question.item for question in project.ask(3, by="ann")]
    single, answered, swept = [item for item in ids if item not in {*held, *mine}][:3]
    project.tell([Answer(item=single, label="high", by="ann"), Answer(item=answered, label="low", by="bob")])
    project.bulk.sweep([swept], "low", by="bob")
    done = project.bulk.sweep(ids, "low", by="ann")
    assert set(done) == set(ids) - {*held, single, answered, swept}
    assert set(mine) < set(done)
    assert project.holding("ann") == []  # nobody asks for what was just said
    assert project.bulk.sweep(mine, "high", by="ann") == mine  # one's own bulk label can be corrected
    assert project.state.weak_of(mine[0]) == {"ann": "high"}
    project.tell(Answer(undo=project.bulk.acts("ann")[0]["key"], by="ann"))
    assert project.state.weak_of(mine[0]) == {"ann": "low"}


def test_with_two_readers_a_sweep_is_one_of_them():
    with Project(rows(), classes(LABELS), audit=0.0, redundancy=2) as project:
        ids = list(project.pool.ids)
        project.bulk.sweep(ids, "low", by="ann", key="k")
        checks = set(project.state.checks)
        assert {question.item for question in project.ask(200, by="ann")} == checks
        project.release(checks, "ann")
        assert len(project.ask(200, by="bob")) == 200
        assert project.bulk.sweep(ids[:9], "low", by="zoe") == []
        project.tell(Answer(undo="k", by="ann"))
        assert len(project.ask(200, by="ann")) == 200


# -- what it is worth ------------------------------------------------------------------------------------------


def test_a_bulk_label_teaches_half_and_only_until_somebody_answers_the_item(project):
    ids = list(project.pool.ids)
    project.tell([Answer(item=ids[0], label="low"), Answer(item=ids[150], label="high")])
    project.bulk.sweep(ids[1:60], "low")
    project.bulk.sweep(ids[120:150], "high")
    training = learning.training_set(project.state, project.task)
    assert training.items == (ids[0], ids[150], *ids[1:60], *ids[120:150])
    assert training.weights == (1.0, 1.0, *[0.5] * 89)
    assert training.drawn == (False, False)  # neither chosen nor drawn: choosing is not judged by it
    project.tell(Answer(item=ids[5], label="high", by="bob"))
    training = learning.training_set(project.state, project.task)
    assert (training.labels[2], training.weights[2], training.items[2]) == ("high", 1.0, ids[5])
    assert training.items.count(ids[5]) == 1
    project.learn()
    assert project.predict(rows()[[0, -1]])["label"] == LABELS
    assert project.answers()["item"] == [ids[0], ids[150], ids[5]]  # what people are judged by


def test_a_model_is_due_after_a_sweep_and_after_it_was_taken_back(project):
    ids = list(project.pool.ids)
    project.bulk.sweep(ids[:30], "low")
    project.bulk.sweep(ids[150:], "high", key="second")
    project.learn()
    assert not learning.due(project.state, 10)
    project.tell(Answer(undo="second"))
    assert learning.due(project.state, 10)
    assert project.state.changed_since(project.state.models[-1].watermark) == 50


def test_what_measures_a_model_learns_nothing_from_a_sweep_and_is_asked_all_the_same():
    ids = [str(item) for item in Project(rows(), classes(LABELS)).pool.ids]
    some = ids[:4]
    with Project(rows(), classes(LABELS), audit=0.0, journal=audited(*some)) as project:
        assert project.bulk.sweep(ids[:100], "low") == ids[:100]  # nothing tells which of them measure
        project.bulk.sweep(ids[100:], "high")
        training = learning.training_set(project.state, project.task)
        assert set(training.items) == set(ids) - set(some)
        assert learning.audit_pairs(project.state, project.task, 10**9) == []
        project.learn()
        assert project.status()["estimate"] is None
        asked = project.ask(4)
        assert {question.item for question in asked} == set(some)
        assert all(question.blind and question.reason.words == DRAWN for question in asked)
        project.tell(Answer(item=item, label="low") for item in some)
        assert len(learning.audit_pairs(project.state, project.task, project.state.seq)) == 4


def test_an_item_drawn_after_it_was_swept_measures_no_model_that_learned_from_it():
    journal = MemoryJournal()
    with Project(rows(), classes(LABELS), audit=0.0, journal=journal) as project:
        ids = list(project.pool.ids)
        project.bulk.sweep(ids[:50], "low")
        project.bulk.sweep(ids[150:], "high")
        before = project.state.seq
        journal.append([Audited(item=ids[0], chance=0.01)])
        assert project.ask(1)[0].item == ids[0]
        project.tell(Answer(item=ids[0], label="low"))
        assert learning.audit_pairs(project.state, project.task, before) == []
        assert learning.audit_pairs(project.state, project.task, project.state.seq) == [(ids[0], "low")]


def test_a_few_of_a_sweep_are_asked_singly_in_the_words_of_those_that_measure(project):
    ids = list(project.pool.ids)
    project.bulk.sweep(ids[:100], "low")
    project.bulk.sweep(ids[100:], "high")
    checks = set(project.state.checks)
    assert 0 < len(checks) <= 2 * sweeps.MOST_CHECKED
    project.learn()
    asked = []
    while question := project.ask(1):
        asked += question
    assert {question.item for question in asked} == checks  # all else is answered
    for question in asked:
        assert (question.blind, question.drawn) == (True, True)
        assert (question.reason.words, question.reason.score, question.chance) == (DRAWN, None, None)
    project.tell(Answer(item=question.item, label="low") for question in asked)
    assert (project.state.checks, project.ask(5)) == ({}, [])


# -- what it must not tell -------------------------------------------------------------------------------------


def test_the_map_says_the_same_of_items_that_measure_or_test_somebody():
    """Two records that differ only in what is audited and gold look alike to everybody, whatever they sweep."""
    plain, secret = audited(), audited()
    ids = [str(item) for item in Project(rows(), classes(LABELS)).pool.ids]
    secret.append([Audited(item=item, chance=0.01) for item in ids[:10]])
    secret.append([Gilded(items=tuple(ids[10:20]), labels=("low",) * 10, by="boss")])
    seen = []
    for journal in (plain, secret):
        with Project(rows(), classes(LABELS), audit=0.0, journal=journal) as project:
            acts = [
                len(project.bulk.sweep(ids[:15], "low", by="ann")),
                len(project.bulk.sweep(ids, "low", by="bob")),
            ]
            found: list[object] = [acts]
            for by in ("ann", "bob", "zoe"):
                drawn = project.bulk.map(by)
                found.append({name: drawn[name] for name in ("item", "state", "label", "doubt")})
                found.append([project.bulk.within(by, 500, points=[i])[1:] for i in range(200)])
                found.append(sorted(project.bulk.within(by, 500)[2]))
            seen.append(found)
    assert seen[0] == seen[1]


# -- the fold, against counting by hand ------------------------------------------------------------------------

ITEMS, PEOPLE = "abcd", ("ann", "bob")
subsets = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4, unique=True).map(tuple)
people = st.sampled_from(PEOPLE)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("sweep"), people, subsets, st.sampled_from("xy"), subsets),
        st.tuples(st.just("answer"), people, st.sampled_from(ITEMS), st.sampled_from(["x", "y", "skip"])),
        st.tuples(st.just("undo"), st.integers(0, 11)),
        st.tuples(st.just("audit"), st.sampled_from(ITEMS)),
        st.tuples(st.just("ask"), people, subsets),
    ),
    max_size=12,
)


def events_of(told: list[tuple]) -> list[Event]:
    """What is told, as facts; an undo is of an answer given before, or it is none."""
    found: list[Event] = []
    keyed: list[Answered | Swept] = []
    for number, (what, *rest) in enumerate(told):
        key = f"k{number}"
        if what == "sweep":
            by, items, label, checks = rest
            checks = tuple(item for item in checks if item in items)
            found.append(Swept(key=key, items=items, label=label, by=by, checks=checks, at=0.0))
            keyed.append(found[-1])
        elif what == "answer":
            by, item, said = rest
            kind = "skip" if said == "skip" else "label"
            label = None if said == "skip" else said
            found.append(Answered(key=key, item=item, by=by, kind=kind, label=label, at=0.0))
            keyed.append(found[-1])
        elif what == "undo" and rest[0] < len(keyed):
            gone = keyed[rest[0]]
            found.append(Retracted(key=key, of=gone.key, by=gone.by, at=0.0))
        elif what == "audit":
            found.append(Audited(item=rest[0], chance=0.1, at=0.0))
        elif what == "ask":
            found.append(Asked(items=rest[1], by=rest[0], strategy="random", lease=1e9, at=0.0))
    return found


def by_hand(events: list[Event], item: str) -> tuple[dict, dict]:
    """(single answers, bulk labels) of the item that stand: annotator -> what they said."""
    gone = {event.of for event in events if isinstance(event, Retracted)}
    single, weak = {}, {}
    for event in events:
        if isinstance(event, Answered) and event.item == item and event.key not in gone:
            single[event.by] = event.label if event.kind == "label" else None
        if isinstance(event, Swept) and item in event.items and event.key not in gone:
            weak[event.by] = event.label
    return single, weak


@settings(max_examples=100, deadline=None)
@given(happenings, st.sampled_from([1, 2]))
def test_any_order_of_sweeps_answers_and_undos_ends_as_counted_by_hand(told, redundancy):
    events = events_of(told)
    state = State()
    leases = Leases(state, {item: i for i, item in enumerate(ITEMS)}, redundancy, wall=lambda: 0.0)
    for seq, event in enumerate(events, 1):
        state.apply(seq, event)
        leases.apply(event)
    again = fold(enumerate([decode(encode(event)) for event in events], 1))
    assert (again.bulk, again.checks, again.changes) == (state.bulk, state.checks, state.changes)
    drawn = {event.item for event in events if isinstance(event, Audited)}
    for row, item in enumerate(ITEMS):
        single, weak = by_hand(events, item)
        labels = {by: label for by, label in single.items() if label}
        assert (state.labels_of(item), state.weak_of(item)) == (labels, weak)
        assert state.votes_of(item) == (labels or weak)
        assert (item in state.bulk) == (bool(weak) and not labels)
        counts = set() if item in drawn or item in state.checks else set(weak)
        taken = {*labels, *counts, *leases.holders(item)}
        for by in PEOPLE:
            holds = by in leases.holders(item)
            free = len(taken) < redundancy and by not in single and by not in counts and not holds
            assert leases.free_for(by)[row] == free
            others = {*labels, *weak, *leases.holders(item)} - {by}
            may = by not in single and len(others) < redundancy
            assert sweeps.may_sweep(state, leases, item, by) == may
            assert item in sweeps.apart(state, leases, by) or leases.free_for(by)[row] == may


# -- the map ---------------------------------------------------------------------------------------------------

whole = st.integers(-8, 8)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(whole, whole), min_size=3, max_size=9), st.lists(st.tuples(whole, whole), max_size=20)
)
def test_inside_is_what_an_odd_number_of_triangles_holds(corners, places):
    """A polygon is the sum modulo 2 of the triangles of its first corner and each of its sides."""
    points = np.array(places, dtype=float).reshape(-1, 2) + np.array([0.50031, 0.30017])
    polygon = np.array(corners, dtype=float)

    def side(a, b, p):
        return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])

    expected = []
    for point in points:
        count = 0
        for one, other in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            turns = [side(polygon[0], one, point), side(one, other, point), side(other, polygon[0], point)]
            flat = side(polygon[0], one, other) == 0
            assume(flat or all(abs(turn) > 1e-9 for turn in turns))
            count += not flat and (all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns))
        expected.append(count % 2 == 1)
    assert plane.inside(points, polygon).tolist() == expected


def test_a_line_beyond_all_measure_holds_something_or_nothing_and_no_warning():
    far = np.array([[1e308, 1e308], [-1e308, 0], [0, 1e308]])
    assert plane.inside(np.array([[0.5, 0.5], [0.2, 0.9]]), far).dtype == bool


def test_neighbours_lie_beside_each_other_and_every_row_behind_the_nearest_drawn_one():
    rng = np.random.default_rng(3)
    kinds = rng.integers(0, 5, 600)
    embedding = (6 * rng.normal(size=(5, 20))[kinds] + rng.normal(size=(600, 20))).astype(np.float32)
    start = plane.rough(embedding, np.random.default_rng(1), most=200)
    found = plane.final(embedding, start, seed=7)
    again = plane.final(embedding, plane.rough(embedding, np.random.default_rng(1), most=200), seed=7)
    assert (found.final, found.xy.tolist(), found.behind.tolist()) == (
        True,
        again.xy.tolist(),
        again.behind.tolist(),
    )
    for made in (start, found):
        assert ((made.xy >= 0) & (made.xy <= 1)).all()
        assert np.isclose(np.ptp(made.xy, axis=0).max(), 1)
        assert len(set(made.rows.tolist())) == 200
        assert (made.behind[made.rows] == np.arange(200)).all()
    assert set(start.behind[np.setdiff1d(np.arange(600), start.rows)]) == {-1}
    far = np.linalg.norm(embedding[:, None] - embedding[found.rows][None], axis=2)
    assert (found.behind == far.argmin(axis=1)).all()
    apart = np.linalg.norm(found.xy[:, None] - found.xy[None], axis=2) + 9 * np.eye(200)
    same = kinds[found.rows[apart.argmin(axis=1)]] == kinds[found.rows]
    assert same.mean() > 0.98


@pytest.mark.parametrize("n", [1, 2, 5, 13, 40])
@pytest.mark.parametrize("width", [1, 3])
def test_few_rows_and_equal_rows_have_a_map_too(n, width):
    for embedding in (
        np.ones((n, width), np.float32),
        np.arange(n * width, dtype=np.float32).reshape(n, width),
    ):
        made = plane.final(embedding, plane.rough(embedding, np.random.default_rng(0)), seed=0)
        assert np.isfinite(made.xy).all()
        assert made.xy.shape == (n, 2)
        assert (made.behind == np.arange(n)).all()


def test_doubt_is_0_for_certainty_and_1_for_none():
    task = classes(["a", "b", "c"])
    assert doubt(np.array([[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]]), task).round(6).tolist() == [0, 1, 0.75]
    several = named("multilabel", ["a", "b"])
    assert doubt(np.array([[1.0, 0.0], [0.9, 0.5]]), several).tolist() == [0, 1]


def test_the_map_is_kept_and_made_anew_when_damaged_or_when_the_pool_has_grown(tmp_path):
    folder = tmp_path / "project"
    with Project(rows(60), classes(LABELS), path=folder) as project:
        first = project.bulk.map()
        assert (first["stage"], len(first["item"]), set(first["behind"])) == ("final", 60, {1})
        assert kept(folder / "cache", project.pool.fingerprint) is not None
    with Project.open(folder) as project:
        assert project.bulk.map() == first
    [file] = (folder / "cache").glob("map-*.npz")
    file.write_bytes(file.read_bytes()[:-1])
    with Project.open(folder) as project:
        assert project.bulk.map()["item"] == first["item"]
        new = project.add(rows(60)[:3] + 0.5)
        assert set(new) < set(project.bulk.map()["item"])
    assert len(list((folder / "cache").glob("map-*.npz"))) == 1


@pytest.mark.slow
def test_a_server_has_the_map_made_elsewhere_and_answers_meanwhile(tmp_path):
    with Project(rows(), classes(LABELS), path=tmp_path / "project"):
        pass
    with serving(tmp_path / "project") as server:

        def stage() -> str:
            status, said = server.ask("GET", "/api/v1/map")
            assert status == 200, said
            return str(said["stage"])

        assert stage() == "waiting"
        status, said = server.ask("POST", "/api/v1/map/inside", {"n": 500, "doubtful": True})
        assert (status, said["count"], said["points"]) == (200, 200, [])  # the grid does not wait for it
        until(lambda: stage() == "final", 300)
    assert kept(
        tmp_path / "project" / "cache", Project.open(tmp_path / "project", writing=False).pool.fingerprint
    )


def test_a_region_is_what_its_points_stand_for_the_most_doubtful_first(project):
    ids = list(project.pool.ids)
    whole_map = project.bulk.map()
    low = [i for i, item in enumerate(whole_map["item"]) if item in set(ids[:100])]
    xs, ys = (np.array(whole_map[name])[low] for name in "xy")
    corners = [(x, y) for x in (xs.min() - 0.01, xs.max() + 0.01) for y in (ys.min() - 0.01, ys.max() + 0.01)]
    box = [corners[i] for i in (0, 1, 3, 2)]
    points, count, items = project.bulk.within(n=30, polygon=box)
    assert (set(points), count, len(items)) == (set(low), 100, 30)
    assert set(items) < set(ids[:100])
    assert items == project.bulk.within(n=30, polygon=box)[2]
    assert project.bulk.within(n=0, polygon=box, points=[*range(200), 999])[:2] == (list(range(200)), 200)
    project.bulk.sweep(items, "low", by="bob")
    assert project.bulk.within(n=500, polygon=box)[1] == 70
    project.tell([Answer(item=ids[99], label="low"), Answer(item=ids[199], label="high")])
    project.learn()
    *_, doubtful = project.bulk.within(n=500, doubtful=True)
    best = project._learner.served(project._record).proba[project._learner.rows_of(doubtful)].max(axis=1)
    assert set(doubtful) == set(ids) - {*items, ids[99], ids[199]}
    assert (np.diff(best) > -1e-6).all()
    assert max(project.bulk.map()["doubt"]) <= 1


# -- over HTTP -------------------------------------------------------------------------------------------------


def person(project: Project, name: str) -> TestClient:
    app = create_app(project, Sessions(SECRET))
    client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    client.headers.update({"Authorization": f"Bearer {SECRET}", "X-Annotator": name})
    return client


def test_map_region_look_sweep_and_undo_over_http(project):
    ann = person(project, "ann")
    drawn = ann.get("/api/v1/map").json()
    assert (drawn["stage"], set(drawn["state"]), drawn["doubt"]) == ("final", {"free"}, None)
    assert "audit" not in json.dumps(drawn)
    region = {"polygon": [[-1, -1], [2, -1], [2, 2], [-1, 2]], "n": 20}
    found = ann.post("/api/v1/map/inside", json=region).json()
    assert (len(found["points"]), found["count"], len(found["items"])) == (200, 200, 20)
    looked = ann.post("/api/v1/map/items", json={"items": found["items"][:2]}).json()
    assert [one["item"] for one in looked] == found["items"][:2]
    assert looked[0]["content"]["kind"] == "table"
    body = {"key": "k", "items": found["items"], "label": "low", "seconds": 3.5}
    for _ in range(2):
        said = ann.post("/api/v1/sweep", json=body).json()
        assert (said["saved"], said["labelled"], said["left"]) == ("k", 20, 0)
        assert [(act["label"], act["items"]) for act in said["acts"]] == [("low", 20)]
    drawn = ann.get("/api/v1/map").json()
    assert (drawn["state"].count("yours"), drawn["label"].count("low")) == (20, 20)
    others = person(project, "bob").get("/api/v1/map").json()
    assert (others["state"].count("taken"), set(others["label"]), others["acts"]) == (20, {None}, [])
    assert ann.post("/api/v1/sweep", json=body | {"label": "high"}).status_code == 409
    wrong = ann.post("/api/v1/sweep", json=body | {"key": "other", "label": "nothing"})
    assert (wrong.status_code, "nothing" in wrong.json()["error"]["message"]) == (422, True)
    left = person(project, "bob").post("/api/v1/sweep", json=body | {"key": "bob"}).json()
    assert (left["labelled"], left["left"]) == (0, 20)
    undo = [{"key": "u", "kind": "undo", "of": "k"}]
    assert ann.post("/api/v1/answers", json=undo).status_code == 200
    assert project.status()["swept"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("map/inside", {"polygon": [[0, 0], [1, 1]]}),
        ("map/inside", {"polygon": [[0, 0], [1, 1], [0, None]]}),
        ("map/inside", {"polygon": [[0, 0]] * 1001}),
        ("map/inside", {"n": 2001}),
        ("map/inside", {"points": ["x"]}),
        ("map/items", {"items": ["nowhere"]}),
        ("map/items", {"items": ["0"] * 101}),
        ("sweep", {"key": "k", "items": [], "label": "low"}),
        ("sweep", {"key": "", "items": ["0"], "label": "low"}),
        ("sweep", {"key": "k", "items": ["0"], "label": "low", "seconds": -1}),
        ("sweep", {"key": "k", "items": ["nowhere"], "label": "low"}),
        ("sweep", {"key": "k", "items": ["nowhere"], "label": {"low": [1]}}),
    ],
)
def test_what_is_not_well_formed_is_refused_with_a_sentence(project, path, body):
    answer = person(project, "ann").post(f"/api/v1/{path}", json=body)
    assert 400 <= answer.status_code < 500
    assert len(answer.json()["error"]["message"]) > 10
    assert not project.state.swept


def test_a_task_whose_answers_fit_one_item_only_has_no_map():
    with Project(rows(), named("number", ()), audit=0.0) as project:
        assert person(project, "ann").get("/api/v1/map").json() == {"stage": "none", "acts": []}


def test_labels_that_are_no_text_and_sets_of_labels_are_swept_too():
    with Project(rows(), classes([1, 2]), audit=0.0) as project:
        items = list(project.pool.ids[:3])
        person(project, "ann").post("/api/v1/sweep", json={"key": "k", "items": items, "label": "2"})
        assert project.labels()["label"] == [2, 2, 2]
    with Project(rows(), named("multilabel", ["a", "b"]), audit=0.0) as project:
        items = list(project.pool.ids[:3])
        ann = person(project, "ann")
        said = ann.post("/api/v1/sweep", json={"key": "k", "items": items, "label": ["b", "a"]}).json()
        assert (said["labelled"], said["acts"][0]["label"]) == (3, ["a", "b"])
        assert ann.get("/api/v1/map").json()["label"].count(["a", "b"]) == 3
        assert learning.training_set(project.state, project.task).weights == (0.5, 0.5, 0.5)


def test_a_journal_without_sweeps_reads_as_before(tmp_path: Path):
    body = '{"event":"Swept","at":1.0,"key":"k","items":["a","b"],"label":"x","by":"ann","new":1}'
    event = decode(body)
    assert event == Swept(at=1.0, key="k", items=("a", "b"), label="x", by="ann")
    assert fold([(1, event)]).bulk == {"a": None, "b": None}
