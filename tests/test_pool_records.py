"""CSV and JSON, record by record: the well-formed come with their line, the others are named and cost no more."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asklearn.errors import DataError
from asklearn.pool import Bad, records


def of_csv(content: bytes, delimiter: str = ",") -> list:
    return list(records.csv_records(records.lines(io.BytesIO(content), "f.csv", len(content)), delimiter))


def of_lines(content: bytes) -> list:
    return list(records.json_lines(records.lines(io.BytesIO(content), "f.jsonl", len(content))))


def of_list(content: bytes) -> list:
    return list(records.json_list(io.BytesIO(content), "f.json", len(content)))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n1,2\n", [(1, ["a", "b"]), (2, ["1", "2"])]),
        (b"a,b\r\n1,2", [(1, ["a", "b"]), (2, ["1", "2"])]),
        (b"\xef\xbb\xbfa,b\n", [(1, ["a", "b"])]),
        (b"a,b\n\n\r\n1,2\n\n", [(1, ["a", "b"]), (4, ["1", "2"])]),
        (b'a\n"x, ""y"""\n', [(1, ["a"]), (2, ['x, "y"'])]),
        (b'a,b\n"x\r\ny\n",2\n3,4\n', [(1, ["a", "b"]), (2, ["x\r\ny\n", "2"]), (5, ["3", "4"])]),
        (b'a,b\n,""\n', [(1, ["a", "b"]), (2, ["", ""])]),
        (b'a,b\nsix inches: 6",x\n', [(1, ["a", "b"]), (2, ['six inches: 6"', "x"])]),
        ("a\nГ, é".encode(), [(1, ["a"]), (2, ["Г", " é"])]),
    ],
)
def test_well_formed_csv(content, found):
    assert of_csv(content) == found


def test_a_quote_that_never_closes_is_named_with_its_line_and_the_rest_is_read():
    found = of_csv(b'a,b\n1,"open\n2,x\n3,y\n')
    assert found[1] == Bad(2, "the quote at column 3 is never closed")
    assert found[2:] == [(3, ["2", "x"]), (4, ["3", "y"])]


def test_a_stray_quote_before_a_well_quoted_line_does_not_swallow_it():
    found = of_csv(b'a,b\n1,"open\n2,"hello, world"\n3,"open too\n4,y\n')
    assert [f.line for f in found if isinstance(f, Bad)] == [2, 4]
    assert "amid text in line 3" in found[1].reason
    assert [f for f in found if not isinstance(f, Bad)] == [
        (1, ["a", "b"]),
        (3, ["2", "hello, world"]),
        (5, ["4", "y"]),
    ]


def test_text_after_a_closing_quote_is_named():
    assert "text follows the quote at column 5" in of_csv(b'a,b\n1,"x"y\n2,z\n')[1].reason


def test_a_quote_is_given_up_when_its_field_gets_absurdly_long(monkeypatch):
    monkeypatch.setattr(records, "LIMIT", 1000)
    found = of_csv(b'a,b\n1,"open\n' + b"2,x\n" * 1000)
    assert found[1].line == 2
    assert "not closed within" in found[1].reason
    assert len(found) == 1002


def test_bytes_that_are_not_utf_8_are_named_with_line_and_byte():
    (_, bad, good) = of_csv("a,b\n1,café\n2,x\n".encode("cp1252"))
    assert bad.line == 2
    assert "byte 0xE9 is not UTF-8 (byte 6 of the line)" in bad.reason
    assert "iconv" in bad.reason
    assert good == (3, ["2", "x"])


def test_a_line_that_cannot_be_read_inside_quotes():
    found = of_csv(b'a,b\n1,"open\n\xff\n2,x\n')
    assert [f.line for f in found if isinstance(f, Bad)] == [2, 3]
    assert found[-1] == (4, ["2", "x"])


def test_nul_bytes_are_named():
    assert of_csv(b"a,b\n1,\0\n")[1] == Bad(2, "a NUL byte at byte 3 of the line; text files hold none")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf_16_is_refused(encoding):
    content = (
        "\ufeffa,b\n1,2\n".encode(encoding) if encoding == "utf-16-be" else "a,b\n1,2\n".encode(encoding)
    )
    with pytest.raises(DataError, match=r"f\.csv is UTF-16.*iconv -f UTF-16"):
        of_csv(content)


def test_an_endless_line_is_refused(monkeypatch):
    monkeypatch.setattr(records, "LIMIT", 100)
    with pytest.raises(DataError, match="line 2 is longer"):
        of_csv(b"a,b\n" + b"x" * 200)


# what any CSV writer may put into a cell; NUL is no text, and a lone CR ends a line for some readers only
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1)),
    st.sampled_from(",;\t"),
)
def test_what_pythons_writer_writes_comes_back(rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [fields for _, fields in of_csv(out.getvalue().encode(), delimiter)] == rows


@given(st.binary(max_size=300))
def test_any_bytes_give_records_or_a_sentence(content):
    for read in (of_csv, of_lines):
        try:
            found = read(content)
        except DataError as error:
            sentence = str(error)
            assert sentence.startswith("f.")
        else:
            assert all(isinstance(line, int) for line, _ in found)


def test_json_lines():
    found = of_lines(b'\xef\xbb\xbf{"a": 1}\n\n{"a": "\\ud83d\\ude00"}\r\n{"a": NaN}')
    assert [line for line, _ in found] == [1, 3, 4]
    assert found[1][1] == {"a": "😀"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": }', "invalid JSON at column 7: Expecting value"),
        (b'{"a": 1', "invalid JSON at column 8"),
        (b"[1]", "a JSON object like {...} is wanted, this is a list"),
        (b"null", "this is null"),
        (b'{"a": "\\ud800"}', "without its other half"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "invalid JSON"),
        (b'{"a": "\xe9"}', "byte 0xE9 is not UTF-8"),
        (b'{"a": "\0"}', "NUL"),
    ],
)
def test_bad_json_lines_are_named(line, reason):
    first, bad, last = of_lines(b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    assert bad.line == 2
    assert reason in bad.reason
    assert (first[1], last[1]) == ({"a": 1}, {"a": 2})


def test_a_json_list_is_read_piece_by_piece(monkeypatch):
    monkeypatch.setattr(records, "_CHUNK", 7)
    rows = [{"id": i, "text": "é" * i, "more": [1, {"x": None}]} for i in range(20)]
    content = json.dumps(rows, ensure_ascii=False, indent=1).encode()
    found = of_list(content)
    assert [value for _, value in found] == rows
    assert [line for line, _ in found[:2]] == [2, 12]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'[{"a": 1}', "line 1: invalid JSON: ',' or ']' is wanted, not 'the end'"),
        (b'[{"a": 1},\n]', "line 2: invalid JSON"),
        (b'[{"a": 1}\n{"a": 2}]', "line 2: invalid JSON: ',' or ']' is wanted, not '{'"),
        (b'[{"a": 1},\n{"a": tru}' + b" " * 100 + b"]", "line 2: invalid JSON"),
        (b'[{"a": 1}]\nx', "line 2: text follows the end"),
        (b'[{"a": 1},\n{"a": "\xe9"}]', "line 2: byte 0xE9 is not UTF-8"),
        (b'[{"a": "open', "line 1: invalid JSON: Unterminated string"),
        (b"[" + b"[" * 100_000, "line 1: invalid JSON"),
    ],
)
def test_a_broken_json_list_ends_with_its_line(content, sentence):
    with pytest.raises(DataError, match=r"f\.json: ") as caught:
        of_list(content)
    assert sentence in str(caught.value)


def test_a_json_list_of_other_things_names_them():
    assert of_list(b'[{"a": 1},\n2]') == [
        (1, {"a": 1}),
        Bad(2, "a JSON object like {...} is wanted, this is a number"),
    ]
    assert of_list(b" [ ] ") == []
