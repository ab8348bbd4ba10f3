"""What holds for any rows: they come back as they were, ids are unique and follow the content."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from asklearn.pool.arrays import ArrayPool
from asklearn.pool.cells import MISSING
from asklearn.pool.readers import read
from asklearn.pool.store import StoredPool, create

letters = st.characters(codec="utf-8", exclude_characters="\0\r")
texts = st.text(letters, min_size=1, max_size=30).filter(lambda text: not text.isspace())
words = st.text(letters, min_size=1, max_size=8)
few = settings(max_examples=40, deadline=None)


def pool_of(name: str, content: str, **roles) -> tuple[list[str], object, list[dict], list[str | None], str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode())
        create(Path(folder) / "p", read(path, **roles))
        with StoredPool.open(Path(folder) / "p") as pool:
            pool.check()
            ids = list(pool.ids)
            return ids, pool.rows(ids), pool.metadata(ids), pool.truth(ids), pool.fingerprint


def as_csv(names: list[str], rows: list[tuple]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    return out.getvalue()


@few
@given(
    st.lists(
        st.tuples(words, texts, st.text(letters, max_size=5), words), min_size=1, unique_by=lambda row: row[0]
    )
)
def test_csv_and_json_bring_back_ids_and_content(rows):
    names = ["id", "text", "label", "note"]
    roles = {"id": "id", "text": "text", "label": "label"}
    from_csv = pool_of("r.csv", as_csv(names, rows), **roles)
    lines = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    assert from_csv == pool_of("r.jsonl", lines, **roles)
    assert from_csv == pool_of(
        "r.json", json.dumps([dict(zip(names, row, strict=True)) for row in rows]), **roles
    )
    ids, content, kept, truth, _ = from_csv
    assert ids == [row[0] for row in rows]
    assert content == [row[1] for row in rows]
    assert truth == [row[2] or None for row in rows]
    assert [row["note"] for row in kept] == [row[3] for row in rows]


@few
@given(st.lists(texts, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_content_ids_are_unique_and_follow_the_content_whatever_the_order(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    ids, _, _, _, fingerprint = pool_of(
        "r.csv", as_csv(["n", "text"], [("1", text) for text in rows]), text="text"
    )
    other, _, _, _, _ = pool_of("r.csv", as_csv(["n", "text"], [("2", text) for text in mixed]), text="text")
    assert len(set(ids)) == len(rows)
    assert set(ids) == set(other)
    by_text = {text: {id for id, t in zip(ids, rows, strict=True) if t == text} for text in rows}
    assert by_text == {text: {id for id, t in zip(other, mixed, strict=True) if t == text} for text in rows}
    here = ArrayPool(rows)
    assert (here.ids, here.fingerprint) == (ids, fingerprint)


cells = st.one_of(
    st.none(),
    words.filter(lambda w: w not in MISSING),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)


@few
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=10), st.booleans())
def test_a_table_has_the_same_ids_in_json_in_memory_and_turned_around(rows, turned):
    names = ["a", "b"]
    lines = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    if turned:
        lines = "\n".join(json.dumps({"b": b, "a": a}) for a, b in rows)
    ids, table, kept, _, fingerprint = pool_of("r.jsonl", lines)
    held = ArrayPool({"a": [a for a, _ in rows], "b": [b for _, b in rows]})
    assert (held.ids, held.fingerprint) == (ids, fingerprint)
    assert [(row["a"], row["b"]) for row in kept] == rows
    for name, given_cells in zip(names, zip(*rows, strict=True), strict=True):
        numbers = not any(isinstance(cell, str) for cell in given_cells)
        for cell, there in zip(given_cells, table[name], strict=True):
            if numbers:
                assert there == cell or (cell is None and there != there)
            else:
                assert there == (None if cell is None else str(cell))
