"""Agreement: published examples, the definitions spelt out pair by pair, and intervals that hold."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

import asklearn
from asklearn.errors import DataError, NotReady, SettingError
from asklearn.people.agreement import MEASURES, agreement, over_time, per_class, per_pair, resampled
from asklearn.people.votes import numbered, votes


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def long(*readers):
    """A table of answers from one list of labels a reader, None where nobody answered."""
    cells = [
        (i, j, said) for j, labels in enumerate(readers) for i, said in enumerate(labels) if said is not None
    ]
    return dict(zip(("item", "annotator", "label"), map(list, zip(*cells, strict=True)), strict=True))


def counted(rows):
    """A table of answers from (items, labels) counts; who said what does not matter."""
    cells = [(i, k) for i, row in enumerate(rows) for k, count in enumerate(row) for _ in range(count)]
    return {"item": [i for i, _ in cells], "annotator": range(len(cells)), "label": [k for _, k in cells]}


def value(answers, measure, **options):
    return agreement(answers, measure, resamples=20, **options).value


# -- published examples ---------------------------------------------------------------------------------------------

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C
o = None
FOUR = long(
    [1, 2, 3, 3, 2, 1, 4, 1, 2, o, o, o],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, o, 3],
    [o, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, o],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, o],
)
# Hayes and Krippendorff's three observers, as in the article on alpha
THREE = long(
    [o, o, o, o, o, 3, 4, 1, 2, 1, 1, 3, 3, o, 3],
    [1, o, 2, 1, 3, 3, 4, 3, o, o, o, o, o, o, o],
    [o, o, 2, 1, 3, 4, 4, o, 2, 1, 1, 3, 3, o, 4],
)
# Ten items, fourteen raters, five categories: the worked example of Fleiss' kappa
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def met(both_yes, yes_no, no_yes, both_no):
    times = [both_yes, yes_no, no_yes, both_no]
    return long(np.repeat(list("yynn"), times).tolist(), np.repeat(list("ynyn"), times).tolist())


@pytest.mark.parametrize(
    ("answers", "measure", "published", "digits"),
    [
        (FOUR, "krippendorff", 0.743, 3),
        (FOUR, "krippendorff:ordinal", 0.815, 3),
        (FOUR, "krippendorff:interval", 0.849, 3),
        (THREE, "krippendorff", 0.691, 3),
        (THREE, "krippendorff:interval", 0.811, 3),
        (counted(FLEISS), "fleiss", 0.210, 3),
        (met(20, 5, 10, 15), "cohen", 0.4, 9),
        (met(45, 15, 25, 15), "cohen", 0.1304, 4),
        (met(25, 35, 5, 35), "cohen", 0.2593, 4),
        (met(20, 5, 10, 15), "raw", 0.7, 9),
    ],
)
def test_published_examples(answers, measure, published, digits):
    assert round(value(answers, measure), digits) == published


# -- the definitions, pair by pair ----------------------------------------------------------------------------------


def spelt_out(answers, distance):
    """Krippendorff's alpha from the distances of all pairs within items, and of all pairs there are."""
    by_item: dict = {}
    for item, said in zip(answers["item"], answers["label"], strict=True):
        by_item.setdefault(item, []).append(said)
    values = [v for v in by_item.values() if len(v) >= 2]
    every = sorted(x for v in values for x in v)
    n = len(every)
    if n == 0:
        return None
    far = {(a, b): distance(a, b, every) for a in set(every) for b in set(every)}
    observed = sum(far[p] / (len(v) - 1) for v in values for p in permutations(v, 2)) / n
    expected = sum(far[p] for p in permutations(every, 2)) / (n * (n - 1))
    return 1 - observed / expected if expected else None


def ranks_between(a, b, every):
    low, high = min(a, b), max(a, b)
    return (sum(low <= x <= high for x in every) - (every.count(a) + every.count(b)) / 2) ** 2


DISTANCES = {
    "krippendorff": lambda a, b, _: a != b,
    "krippendorff:ordinal": ranks_between,
    "krippendorff:interval": lambda a, b, _: (a - b) ** 2,
}

tables = st.lists(
    st.lists(st.sampled_from([None, 1, 2, 3.5, -4]), min_size=7, max_size=7), min_size=2, max_size=5
)


@pytest.mark.parametrize("measure", DISTANCES)
@given(readers=tables)
@settings(max_examples=60, deadline=None)
def test_alpha_is_the_ratio_of_distances_of_pairs(measure, readers):
    answers = long(*readers) if any(x is not None for r in readers for x in r) else None
    expected = spelt_out(answers, DISTANCES[measure]) if answers else None
    if expected is None:
        return
    assert value(answers, measure) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_cohens_kappa_equals_scikit_learns(both):
    one, other = map(list, zip(*both, strict=True))
    if len({*one, *other}) < 2:
        return
    assert value(long(one, other), "cohen") == pytest.approx(cohen_kappa_score(one, other), abs=1e-9)


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_fleiss_kappa_as_written(rows):
    rows = [[*row, 12 - sum(row)] for row in rows]
    n, raters = len(rows), 12
    p = [sum(row[c] for row in rows) / (n * raters) for c in range(4)]
    chance = sum(x * x for x in p)
    if chance > 1 - 1e-9:
        return
    agreed = [sum(x * (x - 1) for x in row) / (raters * (raters - 1)) for row in rows]
    assert value(counted(rows), "raw") == pytest.approx(np.mean(agreed), abs=1e-12)
    assert value(counted(rows), "fleiss") == pytest.approx(
        (np.mean(agreed) - chance) / (1 - chance), abs=1e-9
    )


def test_two_readers_of_ordered_words():
    words = long(["low", "mid", "high", "low"], ["low", "high", "high", "mid"])
    numbers = long([1, 2, 3, 1], [1, 3, 3, 2])
    found = agreement(words, "krippendorff:ordinal", labels=["low", "mid", "high"])
    assert found.value == pytest.approx(value(numbers, "krippendorff:ordinal"))
    with pytest.raises(SettingError, match=r"needs the order of 'high'"):
        agreement(words, "krippendorff:ordinal")
    with pytest.raises(SettingError, match="distances of numbers"):
        agreement(words, "krippendorff:interval")


# -- what holds for all ---------------------------------------------------------------------------------------------


def crowd(rng, items=60, people=5, right=0.8, labels=3, share=0.8):
    truth = rng.integers(labels, size=items)
    item, who = np.nonzero(rng.random((items, people)) < share)
    said = np.where(rng.random(len(item)) < right, truth[item], rng.integers(labels, size=len(item)))
    return {"item": item, "annotator": who, "label": said}


@pytest.mark.parametrize("measure", [m for m in MEASURES if m != "cohen"])
def test_order_and_names_do_not_matter(measure, rng):
    answers = crowd(rng)
    order = rng.permutation(len(answers["item"]))
    mixed = {"label": answers["label"][order], "item": [f"i{i}" for i in answers["item"][order]]}
    mixed["annotator"] = [f"p{9 - j}" for j in answers["annotator"][order]]
    assert value(mixed, measure) == pytest.approx(value(answers, measure), abs=1e-12)


@pytest.mark.parametrize("measure", [m for m in MEASURES if m != "cohen"])
def test_everybody_agrees_and_nobody_does(measure, rng):
    labels = rng.integers(3, size=30).tolist()
    found = agreement(long(labels, labels, labels), measure)
    assert found.value == pytest.approx(1)
    assert 0.85 < found.low < 1, "30 items do not prove that nobody ever differs"
    noise = crowd(rng, items=4000, right=0.0)
    if measure != "raw":
        assert abs(value(noise, measure)) < 0.03


def test_pandas_and_pyarrow_say_the_same(rng):
    import pandas
    import pyarrow

    answers = crowd(rng)
    for frame in (pandas.DataFrame(answers), pyarrow.table(answers)):
        assert agreement(frame) == agreement(answers)


@pytest.mark.parametrize(
    ("measure", "right"), [("krippendorff", 0.8), ("krippendorff:ordinal", 0.7), ("raw", 0.9)]
)
def test_intervals_hold_the_truth(measure, right, rng):
    truth = value(crowd(rng, items=40_000, right=right), measure)
    holds, wide = 0, []
    for seed in range(150):
        found = agreement(crowd(rng, items=80, right=right), measure, resamples=300, seed=seed)
        assert found.low <= found.value <= found.high
        holds += found.low <= truth <= found.high
        wide.append(found.high - found.low)
    assert 0.88 <= holds / 150 <= 0.99  # 150 runs at 95 %: the count strays by 2.7 on average
    assert np.mean(wide) < 0.3


def test_resamples_draw_items_alike():
    """Many different items are drawn one by one, few kinds by their number: the same law."""
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(4), [8, 16, 24, 32])
    times = np.bincount(place)
    for owner, often in ((place, times), (np.arange(80), np.ones(80, dtype=int))):
        drawn = np.concatenate(list(resampled(owner, often, 4000, rng)))
        assert (drawn.sum(axis=1) == 80).all()
        assert drawn.mean(axis=0) == pytest.approx(often, rel=0.12)
        assert drawn[:, 0].var() == pytest.approx(often[0] * (1 - often[0] / 80), rel=0.1)


# -- by class, by pair, over time -----------------------------------------------------------------------------------


def test_by_class_each_label_against_the_others():
    answers = counted(FLEISS)
    found = per_class(answers, "fleiss", resamples=50)
    # Fleiss (1971): kappa_c = 1 - sum n_uc (m - n_uc) / (N m (m - 1) p_c (1 - p_c))
    rows = np.array(FLEISS)
    p = rows.mean(axis=0) / 14
    expected = 1 - (rows * (14 - rows)).sum(axis=0) / (10 * 14 * 13 * p * (1 - p))
    assert found["value"] == pytest.approx(expected)
    assert found["label"] == [0, 1, 2, 3, 4]
    assert found["items"] == (rows > 0).sum(axis=0).tolist()
    with pytest.raises(SettingError, match="raw, fleiss or krippendorff"):
        per_class(answers, "cohen")


def test_every_pair_that_has_items_in_common(rng):
    answers = crowd(rng, items=40, people=4, share=0.6)
    found = per_pair(answers, resamples=50)
    said = {
        (i, j): x
        for i, j, x in zip(*(answers[c].tolist() for c in ("item", "annotator", "label")), strict=True)
    }
    assert len(found["one"]) == 6
    for one, other, items, kappa in zip(*(found[c] for c in ("one", "other", "items", "kappa")), strict=True):
        both = [(said[i, one], said[i, other]) for i in range(40) if (i, one) in said and (i, other) in said]
        assert items == len(both)
        assert kappa == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))
    assert per_pair(answers, least=41)["one"] == []
    apart = {"item": [1, 2], "annotator": ["a", "b"], "label": [0, 1]}
    assert per_pair(apart)["one"] == []


def test_agreement_that_falls_with_time(rng):
    early, late = crowd(rng, items=200, right=0.95), crowd(rng, items=200, right=0.5)
    late["item"] = late["item"] + 200
    both = {name: np.concatenate([early[name], late[name]]) for name in early}
    found = over_time(both, windows=4, resamples=200)
    assert len(found["value"]) == 4
    assert min(found["low"][:2]) > max(found["high"][2:])
    assert sum(found["items"]) == (np.bincount(both["item"]) >= 2).sum()
    assert found["first"] == sorted(found["first"])
    same = long([1, 1, 1, 1, 2], [1, 1, 1, 1, 1])
    assert len(over_time(same, windows=5)["value"]) == 1, "four windows hold one label only"


def test_pairs_of_all_combinations():
    readers = [[0, 1, 1], [0, 1, 0], [1, 1, 0]]
    found = per_pair(long(*readers), resamples=10)
    assert list(zip(found["one"], found["other"], strict=True)) == list(combinations(range(3), 2))
    assert found["raw"] == pytest.approx([2 / 3, 1 / 3, 2 / 3])


# -- refusals -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(NotReady, match="no item has two answers"):
        agreement({"item": [1, 2], "annotator": ["a", "a"], "label": ["x", "y"]})
    with pytest.raises(NotReady, match=r"every answer is 'x'"):
        agreement(long(["x", "x"], ["x", "x"]))
    assert agreement(long(["x", "x"], ["x", "x"]), "raw").value == 1
    with pytest.raises(SettingError, match="there is no measure 'gwet'"):
        agreement(FOUR, "gwet")
    with pytest.raises(SettingError, match="compares two annotators, there are 4"):
        agreement(FOUR, "cohen")
    with pytest.raises(NotReady, match="no item has two answers"):
        agreement({"item": [], "annotator": [], "label": []})


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"item": [1], "label": ["x"]}, "no column 'annotator'; there are: item, label"),
        ({"item": [1, 2], "annotator": ["a"], "label": ["x"]}, "differ in length"),
        ({"item": [1, None], "annotator": ["a", "a"], "label": ["x", "x"]}, "row 2 has no item"),
        ({"item": [1, 2], "annotator": ["a", "a"], "label": ["x", float("nan")]}, "row 2 has no label"),
        ({"item": [1, 1], "annotator": ["a", "a"], "label": ["x", "y"]}, "'a' answers item 1 more than once"),
        ({"item": [1], "annotator": ["a"], "label": [["x"]]}, "column 'label' holds cells that are no names"),
        ([1, 2, 3], "a list is no table of answers"),
    ],
)
def test_tables_that_are_none(answers, words):
    with pytest.raises(DataError, match=words):
        asklearn.agreement(answers)


def test_missing_cells_of_frames_are_named():
    import pandas
    import pyarrow

    holed = {"item": ["p", "q"], "annotator": ["a", "a"], "label": [1, None]}
    for frame in (pandas.DataFrame(holed), pyarrow.table(holed)):
        with pytest.raises(DataError, match="row 2 has no label"):
            agreement(frame)
    with pytest.raises(DataError, match="the label 'z' is none of 'x', 'y'"):
        votes({"item": [1], "annotator": [1], "label": ["z"]}, labels=["x", "y"])


@given(st.lists(st.integers(-3, 3), max_size=30))
def test_numbers_in_the_order_in_which_they_come(cells):
    for given_cells in (cells, np.array(cells, dtype=np.int64)):
        names, place = numbered("item", given_cells)
        assert names == list(dict.fromkeys(cells))
        assert [names[k] for k in place] == cells
