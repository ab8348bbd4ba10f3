"""The pool of a project folder: made at once or not at all, grown atomically, read by many threads."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse

from asklearn import pool as pools
from asklearn.errors import DataError
from asklearn.pool import Bad
from asklearn.pool.arrays import ArrayPool
from asklearn.pool.readers import given, read
from asklearn.pool.store import StoredPool, create

TEXTS = ["one", "two", "three", "two"]
RNG = np.random.default_rng(0)
NUMBERS = RNG.random((6, 3)).astype(np.float32)


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def made(tmp_path):
    """Make a pool and open it."""
    opened = []

    def make(data, **beside) -> StoredPool:
        folder = tmp_path / f"project {len(opened)}"
        create(folder, data, **beside)
        opened.append(StoredPool.open(folder))
        return opened[-1]

    yield make
    for pool in opened:
        pool.close()


# -- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("X", [TEXTS, NUMBERS, sparse.csr_matrix(NUMBERS), {"a": [1, 2], "b": ["x", None]}])
def test_a_stored_pool_is_the_pool_in_memory(made, X):
    here, there = ArrayPool(X), made(X)
    assert (there.kind, there.ids, there.fingerprint) == (here.kind, here.ids, here.fingerprint)
    assert isinstance(there, pools.Pool)
    assert pools.of(there) is there
    assert [there.show(i) for i in there.ids] == [here.show(i) for i in here.ids]
    assert there.positions(here.ids[::-1]).tolist() == list(range(len(here)))[::-1]
    assert here.ids[0] in there
    assert "nobody" not in there
    there.check()


def test_rows_of_each_kind(made):
    texts = made(TEXTS)
    assert texts.rows(texts.ids[::-1]) == TEXTS[::-1]
    numbers = made(NUMBERS)
    assert np.array_equal(numbers.rows(numbers.ids[::-1]), NUMBERS[::-1])
    matrix = made(sparse.csr_array(NUMBERS))
    assert np.array_equal(matrix.rows(matrix.ids[::-1]).toarray(), NUMBERS[::-1])
    table = made(pd.DataFrame({"n": [1, 2], "w": ["x", None]}))
    assert table.rows(table.ids[::-1]) == {"n": [2.0, 1.0], "w": [None, "x"]}
    assert pd.DataFrame(table.rows(table.ids)).shape == (2, 2)
    assert ArrayPool(table.rows(table.ids)).kind == "table"


@pytest.mark.parametrize("X", [[f"text {i}" for i in range(2500)], RNG.random((2500, 2))])
def test_blocks_hold_every_row_once_in_order(made, X):
    pool = made(X)
    ids, rows = zip(*pool.blocks(1000), strict=True)
    assert [len(block) for block in ids] == [1000, 1000, 500]
    assert [i for block in ids for i in block] == pool.ids
    assert np.array_equal(np.concatenate(rows), X)


def test_an_unknown_id_is_named(made):
    pool = made(TEXTS)
    for look in (pool.rows, pool.positions, pool.truth, pool.metadata):
        with pytest.raises(DataError, match="no item 'nobody'"):
            look([pool.ids[0], "nobody"])
    for look in (pool.show, pool.image_bytes):
        with pytest.raises(DataError, match="no item 'nobody'"):
            look("nobody")
    with pytest.raises(DataError, match="is no image; this pool holds text"):
        pool.image_bytes(pool.ids[0])


def test_known_labels_are_kept_aside_and_never_shown(made, tmp_path):
    (tmp_path / "r.csv").write_text("text,label,label 2\nx,spam,spam!\ny,ham,ham!\nz,,\n")
    pool = made(read(tmp_path / "r.csv", text="text", label="label"))
    assert pool.truth(pool.ids) == ["spam", "ham", None]
    assert pool.labels() == ["ham", "spam"]
    assert pool.roles == {"text": "text", "label": "label"}
    assert pool.columns == {"text": "text", "label": "label", "label 2": "other"}
    for id in pool.ids:
        assert "ham" not in str(pool.show(id))
        assert "spam" not in str(pool.show(id))
    assert pool.metadata(pool.ids)[1] == {"text": "y", "label 2": "ham!"}
    beside = made(["x", "y"], truth=[1, np.nan])
    assert beside.truth(beside.ids) == ["1", None]


def test_images_from_memory_are_copied_in(made, tmp_path):
    pixels = RNG.integers(0, 255, (3, 8, 9, 3), dtype=np.uint8)
    pictures = [Image.fromarray(p) for p in pixels]
    for X, kind in [(pictures, None), (list(pixels), None), (pixels, None)]:
        pool = made(X, kind=kind)
        assert pool.kind == "image"
        from asklearn.pool.images import open_image

        for id, wanted in zip(pool.ids, pixels, strict=True):
            assert np.array_equal(np.asarray(open_image(pool.rows([id])[0])), wanted)
            assert pool.image_bytes(id)[1] == "image/png"
    pictures[0].save(tmp_path / "x.png")
    by_path = made([str(tmp_path / "x.png")], kind="image")
    assert by_path.rows(by_path.ids) == [tmp_path / "x.png"]
    by_path.check()
    (tmp_path / "x.png").unlink()
    with pytest.raises(DataError, match=r"x\.png cannot be read"):
        by_path.image_bytes(by_path.ids[0])
    with pytest.raises(DataError, match=r"x\.png cannot be read"):
        by_path.check()
    pictures[1].save(tmp_path / "x.png")
    with pytest.raises(DataError, match=r"x\.png has changed since it was imported"):
        by_path.check()


@pytest.mark.slow
def test_a_row_is_shown_within_a_millisecond(made):
    pool = made([f"text {i}" for i in range(20_000)], ids=range(20_000))
    times = []
    for i in RNG.integers(0, 20_000, 200):
        start = time.perf_counter()
        pool.show(str(i))
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.001


def test_opening_needs_no_heavy_library(made):
    pool = made(TEXTS)
    program = (
        "import sys; from asklearn.pool.store import StoredPool; p = StoredPool.open(sys.argv[1]); p.rows(p.ids)\n"
        "heavy = {'pandas', 'pyarrow', 'sklearn', 'scipy', 'narwhals', 'PIL', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program, pool.folder], check=True, timeout=60)


def test_many_threads_read_while_one_adds(made):
    pool = made([f"text {i}" for i in range(3000)], ids=range(3000))
    wrong, done = [], threading.Event()

    def look(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not done.is_set():
            wanted = [str(i) for i in rng.integers(0, 3000, 50)]
            if (
                pool.rows(wanted) != [f"text {i}" for i in wanted]
                or pool.show(wanted[0])["text"] != f"text {wanted[0]}"
            ):
                wrong.append(wanted)
            if [i for block, _ in pool.blocks(1000) for i in block][:3000] != pool.ids[:3000]:
                wrong.append("blocks")

    readers = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    try:
        for start in range(3000, 3500, 50):
            pool.add([f"text {i}" for i in range(start, start + 50)], ids=range(start, start + 50))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not wrong
    assert len(pool) == len(pool.ids) == 3500
    assert pool.rows(["3499", "7"]) == ["text 3499", "text 7"]


# -- growing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "X",
    [
        [*TEXTS, "one", "five"],
        NUMBERS,
        sparse.csr_matrix(NUMBERS),
        pd.DataFrame({"n": range(6), "w": list("abcdef")}),
        [Image.new("L", (3, 3), i) for i in range(6)],
        RNG.integers(0, 255, (6, 4, 5), dtype=np.uint8),
    ],
    ids=["texts", "array", "sparse", "table", "images", "image array"],
)
def test_a_pool_that_grew_equals_one_made_at_once(made, X):
    part = X.iloc if isinstance(X, pd.DataFrame) else X
    whole, grown = made(X), made(part[:2])
    known = grown.ids
    for start, end in ((2, 3), (3, 6)):
        done = grown.add(part[start:end])
        assert done.added == end - start
        assert known is grown.ids  # whoever holds the ids sees the new ones
    assert grown.ids == whole.ids
    assert grown.fingerprint == whole.fingerprint == done.fingerprint
    order = whole.ids[::-2] + whole.ids[::2]
    a, b = grown.rows(order), whole.rows(order)
    assert np.array_equal(a.toarray(), b.toarray()) if sparse.issparse(a) else np.array_equal(a, b)
    grown.check()
    with StoredPool.open(grown.folder) as again:
        assert again.ids == whole.ids
        assert again.fingerprint == whole.fingerprint
        assert [len(ids) for ids, _ in again.blocks(4)] == [4, 2]


def test_files_are_added_by_the_same_roles(made, tmp_path):
    (tmp_path / "a.csv").write_text("id,text,y,note\n1,x,p,old\n")
    (tmp_path / "b.csv").write_text("note,y,more,text,id\nnew,q,7,z,2\n")
    pool = made(read(tmp_path / "a.csv", text="text", id="id", label="y"))
    done = pool.add(tmp_path / "b.csv")
    assert done.columns == {"id": "id", "text": "text", "y": "label", "note": "other", "more": "other"}
    assert pool.metadata(["1", "2"]) == [
        {"text": "x", "note": "old", "more": None},
        {"text": "z", "note": "new", "more": "7"},
    ]
    assert pool.truth(["2", "1"]) == ["q", "p"]
    pool.add(pd.DataFrame({"text": ["w"], "id": [3]}))
    assert (pool.ids, pool.rows(["3"]), pool.truth(["3"])) == (["1", "2", "3"], ["w"], [None])
    pool.add(["plain"], ids=["4"], truth=["p"])
    assert pool.metadata(["4"]) == [{"text": "plain", "note": None, "more": None}]


def test_a_table_grows_by_its_own_columns_only(made):
    pool = made(read({"a": [1, 2], "b": ["x", "y"], "c": [0, 0]}, features=["a", "b"]))
    pool.add({"c": [5], "b": ["z"], "a": [3], "d": ["new"]})
    assert pool.rows(pool.ids) == {"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"]}
    assert pool.metadata(pool.ids[2:]) == [{"a": 3, "b": "z", "c": 5, "d": "new"}]
    with pytest.raises(DataError, match="no column 'b'"):
        pool.add({"a": [1]})
    with pytest.raises(DataError, match="row 1: 'a' holds numbers in this pool"):
        pool.add({"a": ["word"], "b": ["z"]})
    everything = made({"a": [1], "b": ["x"]})
    with pytest.raises(DataError, match="has the columns c, which the pool does not have"):
        everything.add({"a": [1], "b": ["x"], "c": [1]})
    with pytest.raises(DataError, match="lacks the columns b, which the pool's rows have"):
        everything.add({"a": [1]})
    assert len(everything.ids) == 1


@pytest.mark.parametrize(
    ("X", "more", "sentence"),
    [
        (TEXTS, NUMBERS, "of kind text, those of the array are array"),
        (TEXTS, {"a": [1]}, "of kind text, those of the table are table"),
        (NUMBERS, NUMBERS[:, :2], "dense rows of 3 float32, those of the array are dense rows of 2 float32"),
        (NUMBERS, NUMBERS.astype(float), "float32, those of the array are dense rows of 3 float64"),
        (NUMBERS, sparse.csr_matrix(NUMBERS), "those of the array are sparse rows of 3 float32"),
        ([Image.new("L", (3, 3))], np.zeros((1, 3, 3), np.uint8), "no array, those of the array are not"),
        (np.zeros((1, 3, 3), np.uint8), [Image.new("L", (3, 3))], "an array, those of the list are not"),
        (TEXTS, [""], "row 1: the text is empty"),
        (TEXTS, ["fine", 5], "row 2: 'text' is 5, not a text"),
    ],
)
def test_other_rows_are_refused_and_nothing_changes(made, X, more, sentence):
    pool = made(X)
    before = (list(pool.ids), pool.fingerprint, listing(pool.folder))
    with pytest.raises(DataError, match=sentence):
        pool.add(more)
    assert (pool.ids, pool.fingerprint, listing(pool.folder)) == before
    pool.check()


def test_ids_that_are_there_are_refused(made):
    pool = made(["x"], ids=["a"])
    with pytest.raises(DataError, match="row 2: the id 'a' is in the pool already"):
        pool.add(["y", "z"], ids=["b", "a"])
    assert pool.ids == ["a"]
    done = pool.add(replace(given(["y", "z"], ids=["b", "a"]), skip_bad=True))
    assert done.skipped == (Bad(2, "the id 'a' is in the pool already"),)
    assert pool.ids == ["a", "b"]


def test_repeats_go_on_counting(made):
    pool = made(["x", "x"])
    pool.add(["x"])
    pool.add(["y"], ids=[pool.ids[0] + "~4"])
    pool.add(["x"])
    assert [i[16:] for i in pool.ids] == ["", "~2", "~3", "~4", "~5"]


# -- all or nothing ---------------------------------------------------------------------------------------------


def test_a_second_pool_is_refused(made):
    pool = made(TEXTS)
    with pytest.raises(DataError, match="has a pool already"):
        create(pool.folder, ["other"])
    assert pool.rows(pool.ids) == TEXTS


class Stop(BaseException):
    """As Ctrl+C in the middle."""


def stopping(rows, after: int):
    for i, row in enumerate(rows):
        if i == after:
            raise Stop
        yield row


@pytest.mark.parametrize("X", [[f"text {i}" for i in range(5000)], RNG.random((5000, 2))])
def test_an_import_that_stops_in_the_middle_leaves_nothing(tmp_path, X):
    folder = tmp_path / "deep" / "project"
    source = given(X)
    with pytest.raises(Stop):
        create(folder, replace(source, rows=stopping(source.rows, 4500)))
    assert listing(tmp_path) == []
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("stays")
    source = given(X)
    with pytest.raises(Stop):
        create(folder, replace(source, rows=stopping(source.rows, 4500)))
    assert listing(folder) == ["mine.txt"]
    create(folder, X)
    with StoredPool.open(folder) as pool:
        before = listing(folder)
        source = given(X)
        with pytest.raises(Stop):
            pool.add(replace(source, rows=stopping(source.rows, 4500)))
        assert len(pool.ids) == 5000
        assert listing(folder) == before
        pool.check()
        pool.add(X[:3])
        assert len(pool.ids) == 5003


KILLED = """
import os, signal, sys
from asklearn.pool import readers, store
source = readers.read(sys.argv[2], text="text")
def dying(rows):
    for i, row in enumerate(rows):
        if i == 15_000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield row
from dataclasses import replace
source = replace(source, rows=dying(source.rows))
if sys.argv[3] == "create":
    store.create(sys.argv[1], source)
else:
    store.StoredPool.open(sys.argv[1]).add(source)
"""


def test_a_killed_import_leaves_no_pool_and_a_killed_growth_leaves_it_as_it_was(tmp_path):
    path, folder = tmp_path / "r.csv", tmp_path / "project"
    path.write_text("text,n\n" + "".join(f"text {i},{i}\n" for i in range(20_000)))
    run = subprocess.run([sys.executable, "-c", KILLED, folder, path, "create"], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    with pytest.raises(DataError, match="there is no pool in"):
        StoredPool.open(folder)
    assert create(folder, read(path, text="text")).added == 20_000
    with StoredPool.open(folder) as pool:
        fingerprint = pool.fingerprint
    run = subprocess.run([sys.executable, "-c", KILLED, folder, path, "add"], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    with StoredPool.open(folder) as pool:
        assert (len(pool.ids), pool.fingerprint) == (20_000, fingerprint)
        pool.check()
    assert listing(folder) == ["pool.sqlite"]


FULL = """
import resource, sys
from asklearn.errors import DataError
from asklearn.pool import readers, store
source = readers.read(sys.argv[2], **({} if sys.argv[2].endswith("npy") else {"text": "text"}))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    if sys.argv[3] == "create":
        store.create(sys.argv[1], source)
    else:
        with store.StoredPool.open(sys.argv[1]) as pool:
            pool.add(source)
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_a_full_disk_is_a_sentence_and_nothing_saved_is_touched(tmp_path, kind):
    """The limit to a file's size makes writes fail as a full disk does."""
    path, folder = tmp_path / f"r.{kind}", tmp_path / "project"
    if kind == "csv":
        path.write_text("text,n\n" + "".join(f"text {i} {'x' * 200},{i}\n" for i in range(20_000)))
    else:
        np.save(path, RNG.random((20_000, 40)))

    def run(what: str) -> str:
        limit = [sys.executable, "-c", FULL, folder, path, what, str(3_000_000)]
        return subprocess.run(limit, capture_output=True, text=True, check=True, timeout=60).stdout

    assert f"the pool cannot be written to {folder} (" in run("create")
    assert listing(tmp_path) == [f"r.{kind}"]
    create(folder, read(path, **({"text": "text"} if kind == "csv" else {})))
    before = listing(folder)
    assert f"the pool cannot be written to {folder} (" in run("add")
    assert listing(folder) == before
    with StoredPool.open(folder) as pool:
        assert len(pool.ids) == 20_000
        pool.check()


def test_a_disk_that_refuses_the_last_step(tmp_path, monkeypatch):
    def refuse(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("asklearn.pool.store._sync", refuse)
    with pytest.raises(DataError, match=r"No space left on device.*nothing was imported"):
        create(tmp_path / "p", NUMBERS)
    assert listing(tmp_path) == []


def test_what_is_no_pool_is_refused(tmp_path, made):
    with pytest.raises(DataError, match="there is no pool in"):
        StoredPool.open(tmp_path)
    (tmp_path / "pool.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(DataError, match="cannot be read: file is not a database"):
        StoredPool.open(tmp_path)
    folder = made(TEXTS).folder
    db = sqlite3.connect(folder / "pool.sqlite")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(DataError, match="has format 99, this asklearn reads format 1"):
        StoredPool.open(folder)


def test_damage_is_found(made):
    pool = made(NUMBERS)
    file = pool.folder / "pool-0.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"pool-0\.npy is damaged"):
        pool.check()
    file.unlink()
    for look in (pool.check, lambda: pool.rows(pool.ids)):
        with pytest.raises(DataError, match=r"pool-0\.npy, a part of the pool, cannot be read"):
            look()
    texts = made([f"{i} " * 50 for i in range(2000)])
    file = texts.folder / "pool.sqlite"
    texts.close()
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 5] = b"\xa5" * 8192
    file.write_bytes(content)
    with (
        pytest.raises(DataError, match=r"pool\.sqlite (is damaged|cannot be read)"),
        StoredPool.open(texts.folder) as damaged,
    ):
        damaged.check()


def test_closing_twice_is_fine_and_leaves_one_file(made):
    pool = made(TEXTS)
    pool.close()
    pool.close()
    assert listing(pool.folder) == ["pool.sqlite"]


def test_half_characters_are_refused_where_they_cannot_be_kept(made):
    for beside in ({}, {"ids": ["a", "\ud800"]}, {"truth": ["a", "\ud800"]}):
        texts = ["x", "y"] if beside else ["x", "\ud800"]
        with pytest.raises(DataError, match=r"row 2: \\ud800 is half a character"):
            made(texts, **beside)
    table = made({"a": ["x", "\ud800"], "n": [1, 2]})
    assert table.rows(table.ids)["a"] == ["x", "\ud800"]


def test_bytes_that_are_no_item_are_not_kept(tmp_path, made):
    table = {"caption": ["x", "y"], "picture": [b"\xff" * 100_000, None]}
    pool = made(read(table, text="caption"))
    assert pool.metadata(pool.ids) == [
        {"caption": "x", "picture": {"bytes": 100_000}},
        {"caption": "y", "picture": None},
    ]
    with pytest.raises(DataError, match=r"row 1: .picture. holds bytes"):
        made(table)
