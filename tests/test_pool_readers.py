"""From files to pools: every format, every malformed row named, all or nothing."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy import sparse

from asklearn.errors import DataError, SettingError
from asklearn.pool import Bad, Imported
from asklearn.pool.readers import given, read
from asklearn.pool.store import StoredPool, create

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def file(tmp_path):
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def imported(tmp_path):
    """Import, and open what came of it."""
    opened = []

    def run(data, **roles) -> tuple[StoredPool, Imported]:
        folder = tmp_path / f"project {len(opened)}"
        done = create(folder, read(data, **roles))
        opened.append(StoredPool.open(folder))
        return opened[-1], done

    yield run
    for pool in opened:
        pool.close()


def refused(tmp_path: Path, data, **roles) -> str:
    """What the import says; nothing may be left of it."""
    with pytest.raises(DataError) as caught:
        create(tmp_path / "refused", read(data, **roles))
    assert not (tmp_path / "refused").exists()
    return str(caught.value)


# -- text files -------------------------------------------------------------------------------------------------

REVIEWS = 'id,text,label,source\na,good film,pos,web\nb,"bad, very bad",neg,mail\nc,so so,,web\n'


def test_texts_from_csv(file, imported):
    pool, done = imported(file("reviews.csv", REVIEWS), text="text", id="id", label="label")
    assert (pool.kind, pool.ids, len(pool)) == ("text", ["a", "b", "c"], 3)
    assert pool.rows(["b", "a"]) == ["bad, very bad", "good film"]
    assert pool.truth(["c", "b"]) == [None, "neg"]
    assert pool.labels() == ["neg", "pos"]
    assert pool.metadata(["b"]) == [{"text": "bad, very bad", "source": "mail"}]
    assert pool.show("a") == {"kind": "text", "text": "good film"}
    assert done == Imported(
        added=3,
        skipped=(),
        skipped_count=0,
        columns={"id": "id", "text": "text", "label": "label", "source": "other"},
        fingerprint=pool.fingerprint,
    )


@pytest.mark.parametrize(
    ("name", "separator", "mark"),
    [("r.tsv", "\t", b""), ("r.csv", ";", b""), ("r.csv", "\t", b"\xef\xbb\xbf")],
)
def test_other_separators(file, imported, name, separator, mark):
    content = (
        mark + separator.join(["id", " text "]).encode() + b"\r\n" + separator.join(["a", "x, y"]).encode()
    )
    pool, _ = imported(file(name, content), text="text", id="id")
    assert pool.rows(["a"]) == ["x, y"]


def test_the_same_content_gives_the_same_ids_in_every_format(file, imported, tmp_path):
    table = pd.DataFrame({"age": [31, 44, 31], "job": ["cook", None, "cook"], "size": [1.5, 2.0, 1.5]})
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    pq.write_table(pa.Table.from_pandas(table), tmp_path / "t.parquet")
    sources = [
        file("t.csv", table.to_csv(index=False)),
        file("t.tsv", table[["size", "job", "age"]].to_csv(index=False, sep="\t")),
        file("t.jsonl", "\n".join(json.dumps(row) for row in rows)),
        file("t.json", json.dumps(rows)),
        tmp_path / "t.parquet",
        table,
        table.to_dict("list"),
    ]
    ids = [imported(source)[0].ids for source in sources]
    assert ids[0][2] == ids[0][0] + "~2"
    assert all(found == ids[0] for found in ids)


def test_columns_are_numbers_only_if_all_of_their_cells_are(file, imported):
    path = file(
        "t.csv", "age,size,job,code,none,far\n31,1e3,cook,7,,inf\n ,NaN,N/A,x7,,1\nNA,-.5,null,1_0,,2\n"
    )
    pool, done = imported(path)
    assert done.columns == {
        "age": "word",  # a blank that is not empty is a word
        "size": "number",
        "job": "word",
        "code": "word",
        "none": "number",
        "far": "word",
    }
    rows = pool.rows(pool.ids)
    assert rows["size"][0] == 1000
    assert math.isnan(rows["size"][1])
    assert rows["job"] == ["cook", None, None]
    assert rows["code"] == ["7", "x7", "1_0"]
    assert all(math.isnan(cell) for cell in rows["none"])
    assert pool.show(pool.ids[0])["fields"][:3] == [["age", "31"], ["size", "1e3"], ["job", "cook"]]


def test_named_features_leave_the_others_for_the_export(file, imported):
    pool, done = imported(file("t.csv", "a,b,c,y\n1,x,keep,NA\n2,y,NA,no\n"), features=["b", "a"], label="y")
    assert done.columns == {"a": "number", "b": "word", "c": "other", "y": "label"}
    assert pool.rows(pool.ids) == {"a": [1.0, 2.0], "b": ["x", "y"]}
    assert pool.metadata(pool.ids) == [{"a": "1", "b": "x", "c": "keep"}, {"a": "2", "b": "y", "c": "NA"}]
    assert pool.truth(pool.ids) == ["NA", "no"]
    assert pool.show(pool.ids[0])["fields"] == [["a", "1"], ["b", "x"]]


def test_json_may_bring_columns_late(file, imported, monkeypatch):
    monkeypatch.setattr("asklearn.pool.readers.PEEK", 2)
    lines = [
        '{"a": 1, "t": "x"}',
        '{"t": "y", "b": true}',
        '{"a": 3, "c": "late", "n": {"x": [1]}}',
        '{"a": NaN}',
    ]
    path = file("t.jsonl", "\n".join(lines))
    pool, done = imported(path, features=["a", "t"])
    assert done.columns == {"a": "number", "t": "word", "b": "other", "c": "other", "n": "other"}
    assert pool.metadata(pool.ids)[2] == {"a": 3, "t": None, "b": None, "c": "late", "n": {"x": [1]}}
    assert pool.metadata(pool.ids)[0] == {"a": 1, "t": "x", "b": None, "c": None, "n": None}
    assert [v if v == v else None for v in pool.rows(pool.ids)["a"]] == [1.0, None, 3.0, None]


def test_a_late_json_column_is_a_feature_when_all_are(file, imported, monkeypatch):
    monkeypatch.setattr("asklearn.pool.readers.PEEK", 1)
    pool, done = imported(file("t.jsonl", '{"a": 1, "b": "2"}\n{"a": 2, "c": 0.5}\n'))
    assert done.columns == {"a": "number", "b": "word", "c": "number"}
    assert pool.rows(pool.ids)["b"] == ["2", None]
    assert math.isnan(pool.rows(pool.ids)["c"][0])


STRICT = [
    (
        "wrong number of fields",
        "id,text\na,x\nb\nc,y,z\n",
        {3: "1 field where the header has 2", 4: "3 fields"},
    ),
    ("an open quote", 'id,text\na,"x\nb,y\n', {2: "the quote at column 3 is never closed"}),
    ("text after a quote", 'id,text\na,"x"z\nb,y\n', {2: "text follows the quote"}),
    ("no UTF-8", b"id,text\na,caf\xe9\nb,y\n", {2: "byte 0xE9 is not UTF-8"}),
    ("NUL", b"id,text\na,x\0\nb,y\n", {2: "a NUL byte at byte 4 of the line"}),
    ("no id", "id,text\n,x\nb,y\n", {2: "the id is missing"}),
    ("two equal ids", "id,text\na,x\nb,y\na,z\n", {4: "the id 'a' came before, in line 2"}),
    ("no text", 'id,text\na,\nb,"  "\nc,y\n', {2: "the text is empty", 3: "the text is empty"}),
]


@pytest.mark.parametrize(("content", "bad"), [case[1:] for case in STRICT], ids=[case[0] for case in STRICT])
def test_malformed_rows_are_named_and_nothing_or_the_rest_is_imported(file, imported, tmp_path, content, bad):
    path = file("r.csv", content)
    said = refused(tmp_path, path, text="text", id="id")
    rows = "1 row cannot" if len(bad) == 1 else f"{len(bad)} rows cannot"
    assert said.startswith(f"r.csv: {rows} be read, nothing was imported:\n")
    assert said.endswith("skip_bad=True (command line: --skip-bad) imports the others.")
    for line, reason in bad.items():
        assert f"\n  line {line}: {reason}" in said
    pool, done = imported(path, text="text", id="id", skip_bad=True)
    assert done.skipped_count == len(bad)
    assert [skipped.line for skipped in done.skipped] == list(bad)
    assert done.added == len(pool.ids) > 0


def test_the_first_ten_bad_rows_are_listed_and_the_others_counted(file, tmp_path, imported, monkeypatch):
    path = file("r.csv", "id,text\n" + "a,b,c\n" * 1234 + "z,good\n")
    said = refused(tmp_path, path, text="text")
    assert said.startswith("r.csv: 1,234 rows cannot be read")
    assert "line 11:" in said
    assert "line 12:" not in said
    assert "\n  and 1,224 more\n" in said
    _, done = imported(path, text="text", skip_bad=True)
    assert (len(done.skipped), done.skipped_count, done.added) == (1000, 1234, 1)


def test_bad_rows_of_json(file, tmp_path):
    path = file(
        "r.jsonl", '{"t": "x"}\n{"t": 5}\n{"u": 1}\n{"t": null}\nnot json\n{"t": "y", "u": {"v": Infinity}}\n'
    )
    said = refused(tmp_path, path, text="t")
    assert "line 2: 't' is 5, not a text" in said
    assert "line 3: there is no 't'" in said
    assert "line 4: there is no 't'" in said
    assert "line 5: invalid JSON at column 1" in said
    assert "line 6" not in said


def test_cells_no_table_can_hold(file, tmp_path):
    path = file("r.jsonl", '{"a": [1], "b": 1}\n{"a": 1, "b": Infinity}\n{"a": 1, "b": 2}')
    said = refused(tmp_path, path)
    assert "line 1: 'a' holds a list; a table holds numbers and words" in said
    assert "line 2: 'b' is inf; a number has to be finite" in said


@pytest.mark.parametrize(
    ("name", "content", "roles", "sentence"),
    [
        ("r.csv", "", {}, "r.csv is empty"),
        ("r.csv", "\n\n", {}, "r.csv holds blank lines only"),
        ("r.csv", "id,text\n", {"text": "text"}, "r.csv has a header but no rows"),
        ("r.csv", "id,text\na,x\n", {"text": "txt"}, "no column 'txt' (is it 'text'?); there are: id, text"),
        ("r.csv", "id,text\na,x\n", {"text": "zzz"}, "no column 'zzz'; there are: id, text"),
        ("r.csv", "a,b\n1,2\n", {"features": ["a", "c"]}, "no column 'c'"),
        ("r.csv", "a,b,a\n1,2,3\n", {}, "2 columns called 'a'"),
        ("r.csv", "text\nx\n", {}, "one column to ask about, 'text'; say what it is: text='text'"),
        ("r.csv", "id,text\na,x\n", {"id": "id"}, "one column to ask about, 'text'"),
        ("r.csv", "id,y\na,x\n", {"id": "id", "label": "y"}, "no column left to ask about"),
        ("r.csv", "a\rb\r", {"text": "a"}, "ends its lines with CR alone"),
        ("r.csv", b"i\xe9,text\na,x\n", {"text": "text"}, "line 1, the header: byte 0xE9"),
        ("r.csv", 'a,"b\nc,d\n', {}, "line 1, the header: the quote at column 3 is never closed"),
        ("r.csv", "a,b\n1,2\n".encode("utf-16"), {}, "r.csv is UTF-16"),
        ("r.jsonl", "\n", {}, "r.jsonl has no rows"),
        ("r.jsonl", "[1, 2]", {"text": "t"}, "line 1: a JSON object like {...} is wanted"),
        ("r.jsonl", '{"a": 1}', {"text": "t"}, "no column 't'; there are: a"),
        ("r.json", "[]", {}, "r.json has no rows"),
        ("r.json", '[{"t": "x"}, {"t": }]', {"text": "t"}, "r.json: line 1: invalid JSON"),
        ("r.parquet", "PAR1", {}, "r.parquet cannot be read as Parquet"),
        ("r.npy", "no array", {}, "r.npy cannot be read as .npy file"),
        ("r.npz", "no archive", {}, "r.npz cannot be read as .npz file"),
        ("r.xlsx", "PK", {}, "known are .csv, .tsv, .jsonl, .json, .parquet, .npy, .npz, or a folder"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_a_sentence(
    file, tmp_path, name, content, roles, sentence
):
    assert sentence in refused(tmp_path, file(name, content), **roles)


def test_a_missing_file_is_named(tmp_path):
    assert "gone.csv cannot be read: No such file" in refused(tmp_path, tmp_path / "gone.csv")


def test_no_row_that_can_be_read(file, tmp_path):
    path = file("r.csv", "id,text\na\nb\n")
    assert "no row can be read; the first: line 2: 1 field" in refused(
        tmp_path, path, text="text", skip_bad=True
    )


@pytest.mark.parametrize(
    "roles",
    [
        {"text": "a", "image": "b"},
        {"text": "a", "features": ["b"]},
        {"text": "a", "label": "a"},
        {"id": "a", "label": "a"},
    ],
)
def test_parts_that_cannot_go_together(file, roles):
    with pytest.raises(SettingError):
        read(file("r.csv", "a,b\n1,2\n"), **roles)


def test_roles_for_what_has_no_names():
    with pytest.raises(SettingError, match="columns can be named in a file or a data frame"):
        read(["x", "y"], text="text")
    with pytest.raises(SettingError, match="data frame, or a list of texts"):
        read(pd.Series(["x"]), text="text")


def test_progress_reaches_the_end(file, imported):
    seen = []
    content = "id,text\n" + "".join(f"{i},text {i}\n" for i in range(10_000))
    imported(file("r.csv", content), text="text", progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == (len(content), len(content))


# -- tables -----------------------------------------------------------------------------------------------------


def test_parquet_of_every_type(tmp_path, imported):
    table = pa.table(
        {
            "i": [1, None],
            "f": [0.5, math.nan],
            "w": ["NA", None],
            "b": [True, None],
            "d": [datetime.date(2024, 2, 29), None],
            "m": [Decimal("1.50"), Decimal("2")],
            "y": [1, 0],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    pool, done = imported(tmp_path / "t.parquet", label="y")
    assert done.columns == {
        "i": "number",
        "f": "number",
        "w": "word",
        "b": "word",
        "d": "word",
        "m": "number",
        "y": "label",
    }
    rows = pool.rows(pool.ids)
    assert rows["w"] == ["NA", None]  # where types are known, NA is a word like any other
    assert rows["d"] == ["2024-02-29", None]
    assert rows["m"] == [1.5, 2.0]
    assert pool.labels() == ["0", "1"]
    assert pool.metadata(pool.ids)[0]["b"] is True


def test_a_damaged_parquet_file_names_the_row(tmp_path, imported):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.arange(100_000), "b": np.random.default_rng(0).random(100_000)}), path)
    content = bytearray(path.read_bytes())
    content[5000:9000] = b"\xff" * 4000
    path.write_bytes(content)
    said = refused(tmp_path, path)
    assert "t.parquet cannot be read" in said


def test_images_in_parquet(tmp_path, imported):
    Image.new("L", (5, 4), 7).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    for name, cells in [("bytes", [content, b"no"]), ("hugging", [{"bytes": content, "path": None}, None])]:
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"picture": cells, "y": ["a", "b"]}), path)
        assert "row 2: " in refused(tmp_path, path, image="picture")
        pool, done = imported(path, image="picture", label="y", skip_bad=True)
        assert (pool.kind, done.added) == ("image", 1)
        assert pool.rows(pool.ids) == [content]
        assert pool.image_bytes(pool.ids[0])[1] == "image/png"
        assert pool.metadata(pool.ids) == [{"picture": None}]


@pytest.mark.parametrize("frame", [pd.DataFrame, pa.table, dict, pytest.param("polars", id="polars")])
def test_data_frames_of_every_kind(frame, imported):
    if frame == "polars":
        frame = pytest.importorskip("polars").DataFrame
    held = frame({"text": ["x", "y", "x"], "n": [1, None, 3], "y": ["p", None, "q"]})
    texts, _ = imported(held, text="text", label="y")
    assert texts.rows(texts.ids) == ["x", "y", "x"]
    assert texts.truth(texts.ids) == ["p", None, "q"]
    assert texts.ids[2] == texts.ids[0] + "~2"
    table, done = imported(held, label="y")
    assert done.columns == {"text": "word", "n": "number", "y": "label"}
    assert table.rows(table.ids[:1]) == {"text": ["x"], "n": [1.0]}


def test_a_lazy_frame_is_refused():
    polars = pytest.importorskip("polars")
    with pytest.raises(DataError, match="collect it first"):
        read(polars.LazyFrame({"a": [1]}))


def test_rows_in_memory_with_ids_and_labels_beside(tmp_path):
    table = {"id": ["not", "the id"], "n": [1, 2]}
    create(tmp_path / "p", given(table, ids=[7, 8], truth=["a", None]))
    with StoredPool.open(tmp_path / "p") as pool:
        assert pool.ids == ["7", "8"]
        assert pool.truth(pool.ids) == ["a", None]
        assert pool.rows(["7"]) == {"id": ["not"], "n": [1.0]}
        assert pool.metadata(["8"]) == [{"id": "the id", "n": 2}]
    with pytest.raises(DataError, match="2 rows and 1 ids"):
        given(table, ids=[1])
    with pytest.raises(DataError, match="row 2: the id 'a' came before, in row 1"):
        create(tmp_path / "q", ["x", "y"], ids=["a", "a"])


# -- images and arrays ------------------------------------------------------------------------------------------


@pytest.fixture
def animals(tmp_path):
    folder = tmp_path / "animals"
    for i, name in enumerate(
        ["cat/a.png", "cat/b.JPG", "dog/deep/c.gif", "d.webp", "dog/e.bmp", "dog/f.tiff"]
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (i * 30, 0, 0)).save(path)
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "g.png").write_bytes(b"")
    return folder


def test_a_folder_of_images(animals, imported):
    pool, done = imported(animals, label="folder")
    assert (pool.kind, done.added) == ("image", 6)
    assert pool.rows(pool.ids)[:2] == [animals / "cat" / "a.png", animals / "cat" / "b.JPG"]
    assert dict(zip([m["image"] for m in pool.metadata(pool.ids)], pool.truth(pool.ids), strict=True)) == {
        "cat/a.png": "cat",
        "cat/b.JPG": "cat",
        "d.webp": None,
        "dog/deep/c.gif": "deep",
        "dog/e.bmp": "dog",
        "dog/f.tiff": "dog",
    }
    assert pool.show(pool.ids[0]) == {"kind": "image"}
    assert pool.image_bytes(pool.ids[0])[1] == "image/png"
    assert imported(animals, id="image")[0].ids[0] == "cat/a.png"


def test_images_that_are_none_are_named(animals, tmp_path, imported):
    from test_pool_images import png_of

    (animals / "cat" / "bomb.png").write_bytes(png_of(50_000, 50_000))
    (animals / "cat" / "lie.jpg").write_bytes(b"hello")
    whole = (animals / "cat" / "b.JPG").read_bytes()
    (animals / "cat" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    said = refused(tmp_path, animals)
    assert said.startswith("animals: 3 rows cannot be read")
    assert f"  {animals / 'cat' / 'bomb.png'} has 50,000 x 50,000 pixels" in said
    assert f"  {animals / 'cat' / 'lie.jpg'} is not an image" in said
    assert f"  {animals / 'cat' / 'cut.jpg'} " in said
    _, done = imported(animals, skip_bad=True)
    assert (done.added, done.skipped_count) == (6, 3)


def test_a_folder_without_images_and_wrong_roles(tmp_path, animals):
    (tmp_path / "empty").mkdir()
    assert "holds no images (.png" in refused(tmp_path, tmp_path / "empty")
    for roles in ({"text": "text"}, {"label": "class"}, {"features": ["image"]}, {"label": "image"}):
        with pytest.raises(SettingError, match="a folder of images; its columns are 'image'"):
            read(animals, **roles)


def test_image_paths_in_a_csv_are_relative_to_it(animals, file, imported, tmp_path):
    content = f"file,y\nanimals/cat/a.png,1\n{animals / 'd.webp'},2\nanimals/none.png,3\n,4\n"
    path = file("list.csv", content)
    said = refused(tmp_path, path, image="file")
    assert f"line 4: {tmp_path / 'animals' / 'none.png'} cannot be read: No such file" in said
    assert "line 5: there is no image" in said
    pool, _ = imported(path, image="file", id="file", label="y", skip_bad=True)
    assert pool.ids == ["animals/cat/a.png", str(animals / "d.webp")]
    assert pool.rows(pool.ids) == [animals / "cat" / "a.png", animals / "d.webp"]
    assert [m["file"] for m in pool.metadata(pool.ids)] == pool.ids


def test_equal_images_are_numbered(animals, imported):
    (animals / "twin.png").write_bytes((animals / "cat" / "a.png").read_bytes())
    pool, _ = imported(animals)
    assert pool.ids[-1] == pool.ids[0] + "~2"


def test_arrays_from_npy(tmp_path, imported):
    X = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    for i, made in enumerate([X, np.asfortranarray(X), X.astype(np.float16), X.astype(">f8")]):
        np.save(tmp_path / f"x{i}.npy", made)
        pool, done = imported(tmp_path / f"x{i}.npy")
        assert (pool.kind, done.added, done.columns) == ("array", 50, {})
        rows = pool.rows(pool.ids[::-1])
        assert rows.dtype == made.dtype
        assert np.array_equal(rows, made[::-1])
    np.save(tmp_path / "list.npy", np.arange(5))
    assert "shape (5,)" in refused(tmp_path, tmp_path / "list.npy")
    assert "a .npy file is one array without a name" in refused(tmp_path, tmp_path / "x0.npy", label="y")


def test_arrays_from_npz(tmp_path, imported):
    rng = np.random.default_rng(0)
    images, y, names = (
        rng.integers(0, 255, (9, 6, 5), dtype=np.uint8),
        np.arange(9) % 2,
        [f"i{i}" for i in range(9)],
    )
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x_train=images, y_train=y, names=names, emb=rng.random((9, 4)), vec=y)
    pool, _ = imported(path, label="y_train", id="names")
    assert (pool.kind, pool.ids, pool.labels()) == ("image", names, ["0", "1"])
    assert np.array_equal(pool.rows(["i3"]), images[3:4])
    assert pool.show("i3") == {"kind": "image"}
    assert pool.image_bytes("i3")[1] == "image/png"
    other, _ = imported(path, features="emb")
    assert (other.kind, other.rows(other.ids).shape) == ("array", (9, 4))
    assert "no array 'embb'; its arrays are: x_train, y_train, names, emb, vec" in refused(
        tmp_path, path, features="embb"
    )
    np.savez(path, a=y, b=np.zeros((9, 2)), c=np.zeros((9, 2)))
    assert "holds the arrays a, b, c; name the one with the rows: features='b'" in refused(tmp_path, path)
    np.savez(path, X=np.zeros((9, 2)), y=np.zeros(8))
    assert "9 rows and labels of shape (8,)" in refused(tmp_path, path, label="y")
    with pytest.raises(SettingError):
        read(path, text="X")


def test_python_objects_are_never_loaded(tmp_path):
    np.save(tmp_path / "o.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    assert "holds Python objects, which can run code when read" in refused(tmp_path, tmp_path / "o.npy")
    np.savez(tmp_path / "o.npz", X=np.zeros((2, 2)), y=np.array(["a", None], dtype=object))
    assert "holds Python objects" in refused(tmp_path, tmp_path / "o.npz", label="y")


def test_a_truncated_array_names_the_row(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1000, 8)))
    content = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(content[: 128 + 64 * 500 + 3])
    assert "it ends in row 501 of 1000" in refused(tmp_path, tmp_path / "x.npy")


@pytest.mark.parametrize("made", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_arrays(tmp_path, imported, made):
    X = made(sparse.random(40, 30, 0.2, random_state=0))
    sparse.save_npz(tmp_path / "x.npz", X)
    pool, done = imported(tmp_path / "x.npz")
    assert (pool.kind, done.added) == ("array", 40)
    rows = pool.rows(pool.ids[::-1])
    assert sparse.issparse(rows)
    assert isinstance(rows, sparse.sparray) == isinstance(X, sparse.sparray)
    assert np.array_equal(rows.toarray(), X.toarray()[::-1])
    assert pool.ids == imported(X)[0].ids
    shown = pool.show(pool.ids[0])["fields"]
    assert [name for name, _ in shown] == [str(i + 1) for i in np.flatnonzero(X.toarray()[0])]


def test_a_repeated_id_of_an_array_leaves_its_row_out(tmp_path):
    X = np.arange(8.0).reshape(4, 2)
    source = given(X, ids=["a", "b", "a", None])
    with pytest.raises(
        DataError, match="row 3: the id 'a' came before, in row 1\n  row 4: the id is missing"
    ):
        create(tmp_path / "p", source)
    assert not (tmp_path / "p").exists()
    from dataclasses import replace

    done = create(tmp_path / "p", replace(given(X, ids=["a", "b", "a", None]), skip_bad=True))
    assert done.skipped == (Bad(3, "the id 'a' came before, in row 1"), Bad(4, "the id is missing"))
    with StoredPool.open(tmp_path / "p") as pool:
        assert pool.rows(["b", "a"]).tolist() == [[2, 3], [0, 1]]


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")
@pytest.mark.parametrize(
    ("name", "roles", "kind", "rows", "labels"),
    [
        ("text/trec6.parquet", {"text": "text", "label": "label"}, "text", 5952, 6),
        ("tabular/adult.parquet", {"label": "target"}, "table", 48842, 2),
        ("image/fashion_mnist_13k.npz", {"label": "y_train"}, "image", 10000, 10),
        ("text/trec6.minilm.npz", {"features": "emb"}, "array", 5952, 0),
        ("detection/kitti_75.images.parquet", {"image": "jpeg", "id": "image_id"}, "image", 75, 0),
    ],
)
def test_real_files(imported, name, roles, kind, rows, labels):
    pool, done = imported(DATA / name, **roles)
    assert (pool.kind, done.added, len(set(pool.ids)), len(pool.labels())) == (kind, rows, rows, labels)
    pool.check()
