"""Text files as records, one at a time, each with its line; what cannot be read is named and passed over."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from asklearn.errors import DataError
from asklearn.pool import Bad, Progress

LIMIT = 8 * 2**20  # bytes of a line, characters of a record: more is no row to label but a mistake
TICK = 4096  # lines between two reports of progress


def _convert(encoding: str) -> str:
    return f"convert the file to UTF-8 first, for example: iconv -f {encoding} -t UTF-8"


class Line(NamedTuple):
    """A line of a file with its end, or why it cannot be read."""

    number: int
    text: str
    wrong: str = ""


def lines(file: BinaryIO, name: str, total: int, progress: Progress | None = None) -> Iterator[Line]:
    """The lines of a UTF-8 file, with or without byte order mark; `DataError` for UTF-16 and endless lines."""
    done = 0
    for number, raw in enumerate(iter(partial(file.readline, LIMIT), b""), 1):
        done += len(raw)
        if progress is not None and number % TICK == 0:
            progress(done, total)
        if number == 1:
            raw = _without_mark(raw, name)
        if len(raw) == LIMIT and not raw.endswith(b"\n"):
            raise DataError(
                f"{name}: line {number} is longer than {LIMIT // 2**20} MiB; is this a text file?"
            )
        if b"\0" in raw:
            yield Line(number, "", f"a NUL byte at byte {raw.index(0) + 1} of the line; text files hold none")
            continue
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            yield Line(number, "", _undecodable(raw[error.start], f"byte {error.start + 1} of the line"))
        else:
            yield Line(number, text)
    if progress is not None:
        progress(total, total)


def _without_mark(raw: bytes, name: str) -> bytes:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        begin = raw[:2].hex(" ").upper()
        raise DataError(f"{name} is UTF-16 (line 1 begins with the bytes {begin}); {_convert('UTF-16')}")
    return raw.removeprefix(codecs.BOM_UTF8)


def _undecodable(byte: int, place: str) -> str:
    return f"byte 0x{byte:02X} is not UTF-8 ({place}); {_convert('WINDOWS-1252')}"


class BrokenQuote(Exception):
    """A quoted field that does not end as it should."""


class _Pushed:
    """Lines that can be given back, to be read again."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.popleft() if self._back else next(self._lines)

    def back(self, lines: list[Line]) -> None:
        self._back.extendleft(reversed(lines))


def csv_records(lines: Iterator[Line], delimiter: str) -> Iterator[tuple[int, list[str]] | Bad]:
    """(line, fields) of each record, its header included; blank lines are none.

    A quote opens a field only at the field's beginning, and must be followed by a separator or the line's end
    when it closes (RFC 4180); inside a plain field it is a letter like any other. A quote that never closes
    costs its own line, not the rest of the file: reading goes on with the line after it.
    """
    pushed = _Pushed(lines)
    for line in pushed:
        number, text, wrong = line
        if wrong:
            yield Bad(number, wrong)
        elif '"' not in text:
            if text := text.rstrip("\r\n"):
                yield number, text.split(delimiter)
        elif fields := _quick(text, delimiter):
            yield number, fields
        else:
            taken: list[Line] = []
            try:
                yield number, _fields(text, delimiter, pushed, taken)
            except BrokenQuote as error:
                yield Bad(number, str(error))
                pushed.back(taken)


def _quick(text: str, delimiter: str) -> list[str] | None:
    """The fields of a record that is one well-formed line, None when it has to be looked at more closely."""
    try:
        return next(csv.reader((text,), delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _fields(text: str, delimiter: str, more: Iterator[Line], taken: list[Line]) -> list[str]:
    """The fields of the record that begins with this line; lines read to finish it go to `taken`."""
    fields: list[str] = []
    at = 0
    while True:
        if text.startswith('"', at):
            opened = at + 1
            value, text, at = _quoted(text, at, more, taken)
            fields.append(value)
            rest = text[at:]
            if not rest.strip("\r\n"):
                return fields
            if not rest.startswith(delimiter):
                raise BrokenQuote(_stray(opened, at, taken))
            at += 1
        else:
            end = text.find(delimiter, at)
            if end < 0:
                return [*fields, text[at:].rstrip("\r\n")]
            fields.append(text[at:end])
            at = end + 1


def _stray(opened: int, at: int, taken: list[Line]) -> str:
    if taken:
        return f"the quote at column {opened} is not closed; the next one stands amid text in line {taken[-1].number}"
    return f"text follows the quote at column {at}; inside a quoted field a quote is written twice"


def _quoted(text: str, at: int, more: Iterator[Line], taken: list[Line]) -> tuple[str, str, int]:
    """The quoted field that opens at `at`, the line it ends in and the place after its closing quote."""
    parts: list[str] = []
    column, start, length = at + 1, at + 1, 0
    while True:
        end = text.find('"', start)
        if end < 0:
            parts.append(text[start:])
            length += len(text)
            text, start = _next_line(more, taken, column, length), 0
        elif text.startswith('"', end + 1):
            parts.append(text[start : end + 1])
            start = end + 2
        else:
            parts.append(text[start:end])
            return "".join(parts), text, end + 1


def _next_line(more: Iterator[Line], taken: list[Line], column: int, length: int) -> str:
    opened = f"the quote at column {column}"
    line = next(more, None)
    if line is None:
        raise BrokenQuote(f"{opened} is never closed")
    taken.append(line)
    if line.wrong:
        raise BrokenQuote(f"{opened} is not closed before line {line.number}, which cannot be read")
    if length > LIMIT:
        raise BrokenQuote(f"{opened} is not closed within {LIMIT // 2**20} MiB")
    return line.text


def json_lines(lines: Iterator[Line]) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    """(line, object) of each line that is not blank."""
    for number, text, wrong in lines:
        if wrong:
            yield Bad(number, wrong)
        elif text := text.strip():
            yield _object(number, text)


def _object(number: int, text: str) -> tuple[int, dict[str, Any]] | Bad:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return Bad(number, f"invalid JSON at column {error.colno}: {error.msg}")
    except ValueError as error:  # a number of thousands of digits
        return Bad(number, f"invalid JSON: {error}")
    except RecursionError:
        return Bad(number, "invalid JSON: nested too deeply")
    return _checked(number, value, text)


def _checked(number: int, value: Any, text: str) -> tuple[int, dict[str, Any]] | Bad:
    if not isinstance(value, dict):
        return Bad(number, f"a JSON object like {{...}} is wanted, this is {_named(value)}")
    if "\\u" in text:  # an escape can hold half a character, which no file and no page can
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return Bad(number, "invalid JSON: an escape \\ud800 to \\udfff without its other half")
    return number, value


def _named(value: Any) -> str:
    names = {list: "a list", str: "text", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(value), "null")


_SPACE = re.compile(r"[ \t\r\n]*")
_CHUNK = 2**20


class _Text:
    """A UTF-8 file as a window of text that is pulled along, with the line at which it stands."""

    def __init__(self, file: BinaryIO, name: str, total: int, progress: Progress | None) -> None:
        self._file, self._name, self._total, self._progress = file, name, total, progress
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._done = self._newlines = 0
        self.window, self.at, self.line, self.ended = "", 0, 1, False

    def more(self) -> None:
        """Let go of what was read and append the next piece of the file."""
        raw = self._file.read(_CHUNK)
        self.ended = not raw
        try:
            text = self._decoder.decode(raw, final=self.ended)
        except UnicodeDecodeError as error:
            line = 1 + self._newlines + error.object.count(b"\n", 0, error.start)
            place = f"byte {self._done - (len(error.object) - len(raw)) + error.start + 1} of the file"
            wrong = _undecodable(error.object[error.start], place)
            raise DataError(f"{self._name}: line {line}: {wrong}") from error
        self._newlines += raw.count(b"\n")
        self._done += len(raw)
        if self._progress is not None:
            self._progress(self._done, self._total)
        self.window, self.at = self.window[self.at :] + text, 0

    def go(self, to: int) -> None:
        """Stand at `to`."""
        self.line += self.window.count("\n", self.at, to)
        self.at = to

    def peek(self) -> str:
        """The next sign that is no space, "" at the end; stands before it."""
        while True:
            found = _SPACE.match(self.window, self.at)
            assert found is not None
            self.go(found.end())
            if self.at < len(self.window) or self.ended:
                return self.window[self.at : self.at + 1]
            self.more()


def json_list(
    file: BinaryIO, name: str, total: int, progress: Progress | None = None
) -> Iterator[tuple[int, dict[str, Any]] | Bad]:
    """(line, object) of each member of one JSON list, read piece by piece.

    Broken JSON ends it with `DataError`: in a list, what follows a mistake has no beginning.
    """
    text = _Text(file, name, total, progress)
    decoder = json.JSONDecoder()
    _expect(text, name, "[")
    if text.peek() == "]":
        text.go(text.at + 1)
    else:
        while True:
            text.peek()
            line = text.line
            value, end = _member(text, decoder, name)
            written = text.window[text.at : end]
            text.go(end)
            yield _checked(line, value, written)
            if _expect(text, name, ",]") == "]":
                break
    if text.peek():
        raise DataError(f"{name}: line {text.line}: text follows the end of the JSON list")


def _expect(text: _Text, name: str, signs: str) -> str:
    sign = text.peek()
    if not sign or sign not in signs:
        wanted = " or ".join(repr(s) for s in signs)
        raise DataError(
            f"{name}: line {text.line}: invalid JSON: {wanted} is wanted, not {sign or 'the end'!r}"
        )
    text.go(text.at + 1)
    return sign


def _member(text: _Text, decoder: json.JSONDecoder, name: str) -> tuple[Any, int]:
    while True:
        try:
            value, end = decoder.raw_decode(text.window, text.at)
        except json.JSONDecodeError as error:
            # Unless the mistake is well before the end of the window, the rest may just not be there yet.
            far = error.pos < len(text.window) - 16 and not error.msg.startswith("Unterminated")
            if text.ended or far or len(text.window) - text.at > LIMIT:
                line = text.line + text.window.count("\n", text.at, error.pos)
                raise DataError(f"{name}: line {line}: invalid JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise DataError(f"{name}: line {text.line}: invalid JSON: {error}") from error
        else:
            if end < len(text.window) or text.ended:
                return value, end
        text.more()
