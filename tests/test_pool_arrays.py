"""Rows in memory: they come back in the user's own type, whatever it is."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from scipy import sparse

from asklearn import pool
from asklearn.errors import DataError
from asklearn.pool.arrays import ArrayPool

NUMBERS = np.arange(12, dtype=np.float32).reshape(4, 3)


def same(a, b) -> bool:
    if sparse.issparse(a):
        return (a != b).nnz == 0
    if isinstance(a, pd.DataFrame | pd.Series | pa.Table):
        return a.equals(b)
    return a == b if isinstance(a, list | dict) else np.array_equal(a, b)


# what somebody has, its kind, and its rows 2 and 0
HELD = {
    "list": (["a", "b", "c", "d"], "text", ["c", "a"]),
    "str array": (np.array(["a", "b", "c", "d"]), "text", np.array(["c", "a"])),
    "object array": (np.array(["a", "b", "c", "d"], object), "text", np.array(["c", "a"], object)),
    "series": (pd.Series(list("abcd"), index=[9, 8, 7, 6]), "text", pd.Series(["c", "a"], index=[7, 9])),
    "array": (NUMBERS, "array", NUMBERS[[2, 0]]),
    "csr matrix": (sparse.csr_matrix(NUMBERS), "array", sparse.csr_matrix(NUMBERS[[2, 0]])),
    "coo array": (sparse.coo_array(NUMBERS), "array", sparse.coo_array(NUMBERS[[2, 0]])),
    "csc array": (sparse.csc_array(NUMBERS), "array", sparse.csc_array(NUMBERS[[2, 0]])),
    "pandas": (
        pd.DataFrame({"a": [1, 2, 3, 4], "b": list("wxyz")}, index=[5, 5, 6, 6]),
        "table",
        pd.DataFrame({"a": [3, 1], "b": ["y", "w"]}, index=[6, 5]),
    ),
    "pyarrow": (pa.table({"a": [1, 2, 3, None]}), "table", pa.table({"a": [3, 1]})),
    "columns": ({"a": [1, 2, 3, 4], "b": list("wxyz")}, "table", {"a": [3, 1], "b": ["y", "w"]}),
    "image array": (np.arange(48, dtype=np.uint8).reshape(4, 3, 4), "image", None),
    "image list": ([np.full((2, i + 1), i, np.uint8) for i in range(4)], "image", None),
}


@pytest.mark.parametrize("name", HELD)
def test_rows_come_back_in_the_users_own_type(name):
    X, kind, wanted = HELD[name]
    held = pool.of(X)
    assert held.kind == kind
    assert len(held.ids) == len(set(held.ids)) == 4
    rows = held.rows([held.ids[2], held.ids[0]])
    assert type(rows) is type(X)
    if wanted is not None:
        assert same(rows, wanted)
    if sparse.issparse(X):
        assert rows.format == X.format
    ids, blocks = zip(*held.blocks(3), strict=True)
    assert [len(i) for i in ids] == [3, 1]
    assert [i for some in ids for i in some] == held.ids
    assert all(type(block) is type(X) for block in blocks)
    assert held.show(held.ids[1])["kind"] == ("table" if kind == "array" else kind)
    none = held.rows([])
    assert type(none) is type(X)


@pytest.mark.parametrize("name", HELD)
def test_a_pool_that_grew_equals_one_made_at_once(name):
    X, _, _ = HELD[name]
    whole = ArrayPool(X)
    part = ArrayPool(whole.rows(whole.ids[:2]))
    for start in (2, 3):
        part.add(whole.rows(whole.ids[start : start + 1]))
    assert part.ids == whole.ids
    assert part.fingerprint == whole.fingerprint
    again = ArrayPool(whole.rows(whole.ids[:2]))
    assert again.fingerprint != whole.fingerprint
    again.add(whole.rows(whole.ids[2:]))  # with the fingerprint known before
    assert again.fingerprint == whole.fingerprint
    done = part.add(whole.rows(whole.ids[:1]))
    assert done.added == 1
    assert part.ids[-1] == whole.ids[0] + "~2"


def test_content_ids_follow_the_content_not_the_order():
    rows = ["one", "two", "three"]
    forth, back = ArrayPool(rows), ArrayPool(rows[::-1])
    assert forth.ids == back.ids[::-1]
    assert forth.fingerprint != back.fingerprint
    assert ArrayPool(list(rows)).fingerprint == forth.fingerprint
    assert ArrayPool(NUMBERS).ids == ArrayPool(np.asfortranarray(NUMBERS)).ids
    unsorted = sparse.csr_array(([2.0, 1.0], [2, 0], [0, 2]), shape=(1, 3))
    assert ArrayPool(unsorted).ids == ArrayPool(sparse.csr_array([[1.0, 0.0, 2.0]])).ids
    assert unsorted.indices.tolist() == [2, 0]  # the user's matrix is as it was


def test_repeats_are_numbered():
    assert [i[16:] for i in ArrayPool(["x", "y", "x", "x"]).ids] == ["", "", "~2", "~3"]


def test_given_ids():
    held = pool.of(["x", "y"], ids=np.array([10, 20]))
    assert held.ids == ["10", "20"]
    assert held.rows(["20", "20"]) == ["y", "y"]
    assert held.positions(["20", "10"]).tolist() == [1, 0]
    assert "10" in held
    assert "11" not in held
    done = held.add(["z"], ids=["30"])
    assert (held.ids, done.added) == (["10", "20", "30"], 1)


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (["a"], "2 rows and 1 ids"),
        (["a", "a"], "rows 1 and 2 have the same id 'a'"),
        (["a", ""], "row 2 has no id"),
        ([None, "a"], "row 1 has no id"),
        ([float("nan"), "a"], "row 1 has no id"),
    ],
)
def test_ids_that_cannot_be(ids, sentence):
    with pytest.raises(DataError, match=sentence):
        ArrayPool(["x", "y"], ids=ids)


def test_an_unknown_id_is_named():
    held = pool.of(["x"], ids=["a"])
    for look in (held.rows, held.positions):
        with pytest.raises(DataError, match="no item 'b'"):
            look(["a", "b"])
    with pytest.raises(DataError, match="no item 'b'"):
        held.show("b")


@pytest.mark.parametrize(
    ("X", "more", "sentence"),
    [
        (["x"], np.zeros((1, 2)), "rows are a list .text., these are an array .array."),
        (["x"], ["x", "y"], "row 1 has the id '0', which the pool has already"),
        (NUMBERS, NUMBERS[:, :2], r"shape \(3,\), these have \(2,\)"),
        (NUMBERS, [[1, 2, 3]], "these are a list"),
        (sparse.csr_matrix(NUMBERS), NUMBERS, "these are an array"),
        (sparse.csr_matrix(NUMBERS), sparse.csr_matrix(NUMBERS[:, :2]), "width 3, these have 2"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), r"columns \['a'\], these have \['b'\]"),
        (pd.DataFrame({"a": [1]}), pa.table({"a": [1]}), "a table of pandas, these are of pyarrow"),
        (
            pd.DataFrame({"a": [1]}),
            pd.DataFrame({"a": ["x"]}),
            "column 'a' is Int64 in the pool, String here",
        ),
        (pd.DataFrame({"a": [1]}), {"a": [1]}, "these are a dict of columns"),
        ({"a": [1]}, {"b": [1]}, "columns"),
    ],
)
def test_rows_of_another_type_are_refused_and_nothing_is_added(X, more, sentence):
    held = ArrayPool(X, ids=[str(i) for i in range(X.shape[0] if hasattr(X, "shape") else 1)])
    before, fingerprint = list(held.ids), held.fingerprint
    with pytest.raises(DataError, match=sentence):
        held.add(more, ids=["0", "1"] if isinstance(more, list) and len(more) == 2 else None)
    assert (held.ids, held.fingerprint) == (before, fingerprint)


def test_frames_are_joined_by_name_and_whole_numbers_fit_floats():
    held = ArrayPool(pd.DataFrame({"a": [1.5], "b": ["x"]}))
    held.add(pd.DataFrame({"b": ["y"], "a": [2]}))
    assert held.rows(held.ids).reset_index(drop=True).equals(pd.DataFrame({"a": [1.5, 2.0], "b": ["x", "y"]}))


def test_columns_of_a_frame_may_have_numbers_for_names_but_not_the_same():
    held = ArrayPool(pd.DataFrame(NUMBERS))
    held.add(pd.DataFrame(NUMBERS[:1]))
    assert held.rows(held.ids[-1:]).shape == (1, 3)
    assert held.show(held.ids[0])["fields"][0] == ["0", 0.0]
    with pytest.raises(DataError, match="two columns of the table have the same name"):
        pool.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize(
    "nothing",
    [5, "text", [1, 2], [{"a": 1}], np.arange(3), np.zeros((2, 2, 2)), {"a": [1], "b": [1, 2]}, None],
)
def test_what_has_no_rows_is_refused(nothing):
    with pytest.raises(DataError):
        pool.of(nothing)


def test_a_pool_passes_through_and_rows_are_not_judged():
    held = pool.of(["", "", "not\0clean"])
    assert pool.of(held) is held
    assert isinstance(held, pool.Pool)
    assert pool.of([]).ids == []
    assert pool.of(np.array([[np.nan, np.inf]])).rows(pool.of(np.array([[np.nan, np.inf]])).ids).shape == (
        1,
        2,
    )


def test_images_of_every_kind(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    for X in ([Image.fromarray(pixels)], [tmp_path / "x.png"], [content], [pixels], pixels[None]):
        held = ArrayPool(X)
        assert held.kind == "image"
        sent, kind = held.image_bytes(held.ids[0])
        assert kind == "image/png"
        assert sent.startswith(b"\x89PNG")
        assert held.show(held.ids[0]) == {"kind": "image"}
    paths = ArrayPool([str(tmp_path / "x.png")], kind="image")
    assert paths.ids == ArrayPool([tmp_path / "x.png"]).ids == ArrayPool([content]).ids
    with pytest.raises(DataError, match=r"gone\.png cannot be read"):
        ArrayPool([tmp_path / "gone.png"])
    with pytest.raises(DataError, match="item 't' is no image; this pool holds text"):
        ArrayPool(["x"], ids=["t"]).image_bytes("t")


def test_what_a_page_shows():
    assert pool.of(["<b>"], ids=["i"]).show("i") == {"kind": "text", "text": "<b>"}
    frame = pd.DataFrame({"n": [1.5, None], "w": ["x", None], "t": pd.to_datetime(["2024-02-29", None])})
    held = pool.of(frame, ids=["i", "j"])
    assert held.show("i")["fields"] == [["n", 1.5], ["w", "x"], ["t", "2024-02-29T00:00:00"]]
    assert held.show("j")["fields"] == [["n", None], ["w", None], ["t", None]]
    assert pool.of(NUMBERS[:1], ids=["i"]).show("i")["fields"] == [["1", 0.0], ["2", 1.0], ["3", 2.0]]
    assert pool.of(sparse.csr_matrix(NUMBERS[:1]), ids=["i"]).show("i")["fields"] == [["2", 1.0], ["3", 2.0]]


def test_a_hundred_thousand_rows_are_found_quickly():
    held = pool.of([f"text {i}" for i in range(100_000)], ids=range(100_000))
    wanted = [str(i) for i in np.random.default_rng(0).permutation(100_000)]
    start = time.perf_counter()
    rows = held.rows(wanted)
    assert time.perf_counter() - start < 1  # some 30 ms alone
    assert rows[:2] == [f"text {wanted[0]}", f"text {wanted[1]}"]


def test_a_pool_of_texts_needs_no_data_frame_library():
    program = (
        "import sys; from asklearn import pool; p = pool.of(['a', 'b']); p.rows(p.ids); p.fingerprint\n"
        "heavy = {'pandas', 'pyarrow', 'sklearn', 'scipy', 'narwhals', 'PIL', 'polars', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
