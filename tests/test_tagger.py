"""Passages of texts: tokens, tags, and probabilities that are those of all legal readings, counted one by one."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asklearn import models
from asklearn.features.tokens import cut, tokens
from asklearn.models import tagger
from asklearn.models.tagger import Tagger
from asklearn.tasks import spans

TASK = spans(["person", "place"])


@given(st.text(max_size=60))
def test_tokens_lie_side_by_side_and_leave_out_only_blanks(text):
    found = tokens(text)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    left = list(text)
    for start, end in found:
        assert start < end
        left[start:end] = " " * (end - start)
    assert "".join(left).strip() == ""


def legal(tags: tuple[int, ...]) -> bool:
    """I of a label follows B or I of it alone."""
    return all(tag % 2 == 1 or tag == 0 or before in (tag, tag - 1) for before, tag in pairwise((0, *tags)))


def passages(tags: tuple[int, ...]) -> set[tuple[int, int, int]]:
    """(first token, end token, label) of each."""
    found = []
    for i, tag in enumerate(tags):
        if tag % 2 == 1:
            found.append([i, i + 1, tag // 2])
        elif tag:
            found[-1][1] = i + 1
    return {tuple(span) for span in found}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_what_is_said_is_the_share_of_all_legal_readings(lengths, seed):
    rng = np.random.default_rng(seed)
    cutting = cut(["a " * n for n in lengths])
    logs = np.log(rng.dirichlet(np.ones(5), size=sum(lengths)).reshape(-1, 5))
    parts = [tagger._read(logs, cutting, texts) for texts in tagger._batches(cutting)]
    said = tagger._joined(parts, len(lengths), 5)
    first = np.append(0, np.cumsum(lengths))
    for k, n in enumerate(lengths):
        own = logs[first[k] : first[k + 1]]
        readings = [tags for tags in product(range(5), repeat=n) if legal(tags)]
        weight = np.array([np.exp(sum(own[i, tag] for i, tag in enumerate(tags))) for tags in readings])
        share = weight / weight.sum()
        assert said.whole[k] == pytest.approx(share.max())
        best = readings[int(share.argmax())]
        found = range(said.first[k], said.first[k + 1])
        assert [said.label[i] for i in found] == [label for *_, label in sorted(passages(best))]
        for i, (start, end, label) in zip(found, sorted(passages(best)), strict=True):
            assert (said.start[i], said.end[i]) == (2 * start, 2 * end - 1)
            held = sum(
                p for p, tags in zip(share, readings, strict=True) if (start, end, label) in passages(tags)
            )
            assert said.chance[i] == pytest.approx(held)
        marginal = np.zeros((n, 5))
        for p, tags in zip(share, readings, strict=True):
            marginal[np.arange(n), list(tags)] += p
        assert said.tags[k].sum() == pytest.approx(1)
        if n:
            assert said.tags[k].max() == pytest.approx(marginal.max(axis=1).min())
            assert TASK.reduce(marginal) == pytest.approx(said.tags[k])


NAMES = ["Ann", "Bob", "Eve", "Max"]
TOWNS = ["Oslo", "Rome", "New York", "Paris", "Bonn"]


def told(n: int, rng: np.random.Generator) -> tuple[list[str], list[list[dict[str, object]]]]:
    """Sentences with people and places in them, and where these are."""
    texts, found = [], []
    for _ in range(n):
        who, where = rng.choice(NAMES), rng.choice(TOWNS)
        text = str(rng.choice([f"{who} went to {where}.", f"In {where}, {who} slept", "nobody did anything"]))
        here = [(who, "person"), (where, "place")]
        texts.append(text)
        found.append(
            TASK.check(
                [
                    {"start": text.index(name), "end": text.index(name) + len(name), "label": label}
                    for name, label in here
                    if name in text
                ]
            )
        )
    return texts, found


def test_it_learns_what_people_mark(tmp_path):
    rng = np.random.default_rng(0)
    texts, found = told(60, rng)
    model = models.fit(models.make("auto", "spans"), texts, TASK.encode(found))
    new, truth = told(60, rng)
    assert np.mean([p == t for p, t in zip(model.predict(new), truth, strict=True)]) > 0.95
    said = TASK.says(model, new)
    assert TASK.told(said, np.arange(60))["label"] == model.predict(new)
    kept = models.load(tmp_path, models.save(model, tmp_path))
    for name, array in TASK.says(kept, new).items():
        np.testing.assert_array_equal(array, said[name])
    seen = TASK.prediction(said, next(k for k, spans in enumerate(truth) if spans))
    assert seen.document().keys() == {"label", "probability", "spans"}
    assert all(0 < span["probability"] <= 1 for span in seen.document()["spans"])


def test_weights_and_labels_that_nobody_gave():
    texts = ["Ann in Oslo", "Oslo has Ann", "nothing here", "Bob in Oslo"]
    found = [[{"start": 7, "end": 11, "label": "place"}], [{"start": 0, "end": 4, "label": "place"}], [], []]
    model = Tagger().fit(texts, found, sample_weight=np.array([1, 1, 1, 0.01]))
    said = TASK.says(model, [*texts, "", "   "])
    assert (said["proba"][:, 1:3] == 0).all(), "a person was never marked"
    assert said["whole"][-2:].tolist() == [1, 1], "of no token nothing can be wrong"
    assert np.isfinite(said["proba"]).all()


def test_all_tokens_alike_is_no_error():
    model = Tagger().fit(["Ann", "Bob"], [[{"start": 0, "end": 3, "label": "person"}]] * 2)
    assert [len(found) for found in model.predict(["Eve", ""])] == [1, 0]


def test_marks_within_and_across_tokens_touch_all_of_them():
    model = Tagger()
    cutting = cut(["abc def-ghi"])
    (tags,) = tagger._tagged(cutting, [[{"start": 5, "end": 9, "label": "x"}]], ["x"])
    assert tags.tolist() == [0, 1, 2, 2]
    assert model.fit(["abc def-ghi", "abc"], [[{"start": 5, "end": 9, "label": "x"}], []]).labels_ == ["x"]
