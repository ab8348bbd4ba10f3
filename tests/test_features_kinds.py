"""Texts, images, tables and arrays in numbers: what is alike comes to lie near, and odd rows are met with care."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from asklearn import features
from asklearn.errors import DataError
from asklearn.features import image, table, text
from asklearn.pool import of


def compute(rows, **how):
    return features.compute(of(rows, **how))


def distance(embedding, i, j):
    return float(np.linalg.norm(embedding[i] - embedding[j]))


# -- texts --------------------------------------------------------------------------------------------------

ANIMALS = [
    f"the {pet} eats {food} at home" for pet in ("cat", "dog", "hamster") for food in ("meat", "corn", "fish")
]
MONEY = [
    f"shares of {firm} {move} in trading"
    for firm in ("Acme", "Initech", "Hooli")
    for move in ("fell", "rose")
]


def test_texts_about_the_same_lie_nearer_than_others():
    embedding = compute(ANIMALS + MONEY).embedding
    inside = np.mean([distance(embedding, 0, j) for j in range(1, len(ANIMALS))])
    between = np.mean([distance(embedding, 0, len(ANIMALS) + j) for j in range(len(MONEY))])
    assert inside < 0.8 * between


def test_rows_of_texts_have_length_one_and_empty_ones_are_legal():
    computed = compute([*ANIMALS, "", "  ", "!"])
    np.testing.assert_allclose(np.linalg.norm(computed.embedding, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        computed.embedding[-3], computed.embedding[-2]
    )  # nothing is as good as blanks
    words = computed.X[:, : computed.X.shape[1] - computed.embedding.shape[1]]
    np.testing.assert_allclose(words[:5].multiply(words[:5]).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "rows", [["one"], ["same", "same"], ["", ""], ["a"], ["你好", "再见"], ["x" * 10_000, "y"]]
)
def test_the_smallest_pools_of_texts_have_features(rows):
    computed = compute(rows)
    assert computed.X.shape[0] == computed.embedding.shape[0] == len(rows)
    assert computed.X.shape[1] >= 1
    assert np.isfinite(computed.embedding).all()


def test_words_that_the_pool_did_not_know_are_legal_later():
    encoder = compute(ANIMALS).encoder
    assert encoder.transform(["zzz qqq", ANIMALS[0]]).shape[0] == 2


def test_a_missing_text_is_an_empty_one_and_a_number_is_refused():
    assert text.checked([None, float("nan"), "x"]) == ["", "", "x"]
    with pytest.raises(DataError, match="row 2 is a int, not a text: 5"):
        text.checked(["x", 5])


def test_a_large_pool_of_texts_is_seen_by_its_components_alone(monkeypatch):
    monkeypatch.setattr(text, "STORED", 100)
    computed = compute(ANIMALS + MONEY)
    assert computed.X is computed.embedding
    assert "n-grams and" not in computed.how


def test_texts_of_a_data_frame_column_are_texts():
    column = pd.Series(ANIMALS)
    np.testing.assert_array_equal(compute(column).embedding, compute(ANIMALS).embedding)


# -- images -------------------------------------------------------------------------------------------------


def bars(angle, shift, size=32):
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 3 + shift)
    return ((wave + 1) * 127).astype(np.uint8)


def test_images_with_the_same_edges_lie_nearer_than_others():
    rows = np.stack([bars(angle, shift) for angle in (0, np.pi / 2) for shift in (0, 1, 2, 3)])
    embedding = compute(rows).embedding
    inside = np.mean([distance(embedding, 0, j) for j in (1, 2, 3)])
    between = np.mean([distance(embedding, 0, j) for j in (4, 5, 6, 7)])
    assert inside < 0.8 * between


def test_a_dark_edge_on_the_right_is_another_direction_than_on_the_left():
    half = np.zeros((1, 32, 32, 1), dtype=np.float32)
    half[:, :, 16:] = 1
    left, right = image.directions(half), image.directions(half[:, :, ::-1])
    assert not np.allclose(left, right)
    shape = (7, 7, 4, image.DIRECTIONS)
    assert left.reshape(shape).sum(axis=(0, 1, 2)).argmax() == 0  # lighter to the right: 0 degrees
    assert right.reshape(shape).sum(axis=(0, 1, 2)).argmax() == image.DIRECTIONS // 2


def test_a_flat_image_has_no_edges():
    assert (image.directions(np.full((1, 32, 32, 3), 0.5, dtype=np.float32)) == 0).all()


def test_every_kind_of_image_is_read_and_colour_decides_for_all():
    rng = np.random.default_rng(0)
    grey = Image.fromarray(rng.integers(0, 256, (20, 30), dtype=np.uint8))
    measured = Image.fromarray(rng.integers(0, 4000, (20, 30)).astype(np.uint16))
    kinds = [grey, grey.convert("1"), measured, grey.convert("RGBA"), grey.convert("P"), grey.convert("CMYK")]
    assert compute(kinds, kind="image").X.shape[0] == 6
    assert image.pixels([grey, measured], 32, colour=False).shape == (2, 32, 32, 1)
    assert image.pixels([grey], 32, colour=True).shape == (1, 32, 32, 3)


def test_colours_alone_tell_images_apart():
    red, blue = np.zeros((2, 16, 16, 3), dtype=np.uint8)
    red[..., 0] = blue[..., 2] = 200
    embedding = compute(np.stack([red, red, blue, blue])).embedding
    assert distance(embedding, 0, 1) < 0.1 * distance(embedding, 0, 2)


def test_large_images_are_looked_at_more_closely():
    large = np.stack([bars(angle, 0, size=200) for angle in (0, 1, 2)])
    assert "64 x 64" in compute(large).how
    assert "32 x 32" in compute(large[:, :40, :40]).how


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_smallest_pools_of_images_have_features(count):
    same = np.full((count, 8, 8), 7, dtype=np.uint8)
    computed = compute(same)
    assert np.isfinite(computed.X).all()
    assert len(computed.embedding) == count


def test_a_file_that_is_no_image_is_named(tmp_path):
    (tmp_path / "cat.png").write_text("meow")
    with pytest.raises(DataError, match=r"cat\.png is not an image"):
        compute([tmp_path / "cat.png"], kind="image")


# -- tables -------------------------------------------------------------------------------------------------


def test_numbers_are_standardised_and_missing_ones_are_marked():
    X = compute(pd.DataFrame({"a": [1.0, 2.0, 3.0, None, 2.0]})).X
    np.testing.assert_allclose(X[:, 0], [-np.sqrt(2.5), 0, np.sqrt(2.5), 0, 0], atol=1e-6)
    assert X[:, 1].tolist() == [0, 0, 0, 1, 0]


def test_one_outlier_does_not_decide_all_distances():
    X = compute({"a": [float(i % 10) for i in range(999)] + [1e9]}).X
    assert X.max() == 5


def test_two_categories_lie_one_apart():
    embedding = compute({"kind": ["a", "b", "c", "a"], "size": [1, 1, 1, 1]}).embedding
    assert distance(embedding, 0, 1) == pytest.approx(1)
    assert distance(embedding, 0, 3) == 0


def test_rare_and_new_categories_share_a_column():
    rows = {"kind": ["a"] * 60 + ["b"] * 60 + ["rare", "odd"]}
    encoder = compute(rows).encoder
    rare, new, gone = encoder.transform({"kind": ["rare", "never seen", None]})
    np.testing.assert_array_equal(rare, new)
    assert not np.array_equal(rare, gone)


def test_a_column_of_a_thousand_different_words_stays_small():
    rows = {"name": [f"person {i}" for i in range(1000)] + ["ann"] * 10, "size": list(range(1010))}
    assert compute(rows).X.shape[1] <= table.CATEGORIES + 3


def test_booleans_dates_and_times_are_numbers():
    rows = {
        "yes": [True, False, True],
        "day": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)],
        "moment": [datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 13, tzinfo=UTC), None],
    }
    X = compute(rows).X
    assert X.shape == (3, 4)
    np.testing.assert_allclose(X[:, 1], [-np.sqrt(1.5), 0, np.sqrt(1.5)], atol=1e-5)


def test_every_kind_of_missing_is_one():
    frame = pd.DataFrame(
        {
            "word": pd.array(["a", pd.NA, "b", "a"], dtype="string"),
            "count": pd.array([1, pd.NA, 3, 1], dtype="Int64"),
            "when": [
                pd.Timestamp("2024-01-01"),
                pd.NaT,
                pd.Timestamp("2024-01-03"),
                pd.Timestamp("2024-01-01"),
            ],
            "kind": pd.Categorical(["x", None, "y", "x"]),
        }
    )
    X = compute(frame).X
    assert np.isfinite(X).all()
    np.testing.assert_array_equal(X[0], X[3])
    given = {"word": ["a", "", "b", "a"], "count": [1, None, 3, 1]}
    np.testing.assert_allclose(compute(given).X, compute(frame[["word", "count"]]).X, atol=1e-6)


def test_libraries_of_data_frames_agree():
    import pyarrow

    rows = {"size": [1.0, 2.0, None], "kind": ["a", None, "b"]}
    expected = compute(rows).X
    for frame in (pd.DataFrame(rows), pyarrow.table(rows)):
        np.testing.assert_allclose(compute(frame).X, expected, atol=1e-6)


def test_cells_nobody_can_use_are_named():
    with pytest.raises(DataError, match="row 2, column 'size' is infinite"):
        compute({"size": [1.0, float("inf")]})
    encoder = compute({"size": [1.0, 2.0]}).encoder
    with pytest.raises(DataError, match="row 1, column 'size' is 'big'; the column holds numbers"):
        encoder.transform({"size": ["big"]})
    with pytest.raises(DataError, match="the rows have no column 'size'; they have 'weight'"):
        encoder.transform({"weight": [1.0]})


def test_a_wide_table_is_reduced_for_distances():
    rows = {f"c{i}": np.random.default_rng(i).normal(size=400).tolist() for i in range(300)}
    computed = compute(rows)
    assert computed.X.shape == (400, 300)
    assert computed.embedding.shape == (400, 256)


def test_a_table_that_says_nothing_has_features():
    assert compute({"a": [1, 1], "b": ["x", "x"]}).X.shape[0] == 2
    assert np.isfinite(compute({"a": [None, None]}).X).all()


# -- arrays -------------------------------------------------------------------------------------------------


def test_an_array_is_taken_as_it_is():
    X = np.arange(12.0).reshape(4, 3)
    computed = compute(X)
    np.testing.assert_array_equal(computed.X, X)
    np.testing.assert_array_equal(computed.embedding, X)


def test_columns_of_different_units_are_evened_out_for_distances_only():
    X = np.column_stack([np.arange(10.0), np.arange(10.0)[::-1], 1e6 * np.arange(10.0)])
    computed = compute(X)
    np.testing.assert_array_equal(computed.X, X.astype(np.float32))
    np.testing.assert_allclose(computed.embedding.std(axis=0), 1, atol=1e-5)


def test_sparse_rows_stay_sparse():
    X = sparse.random_array((50, 1000), density=0.02, format="csr", rng=np.random.default_rng(0))
    computed = compute(X)
    assert sparse.issparse(computed.X)
    assert computed.embedding.shape[1] <= 128
    np.testing.assert_allclose(computed.X.toarray(), X.toarray(), rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
def test_cells_that_are_no_numbers_are_named(bad, kind):
    X = np.ones((6, 4))
    X[3, 2] = bad
    with np.errstate(over="ignore"), pytest.raises(DataError, match="row 4, column 3 of the array"):
        compute(kind(X))


def test_an_array_of_words_is_refused():
    with pytest.raises(DataError):
        compute(np.array([["a", "b"], ["c", "d"]]))
