"""A text in words, as a cursor goes from one to the next, and in rows with its passages, as a terminal shows it."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from asklearn.cli.answers.choices import percent
from asklearn.cli.paper import Row, visible
from asklearn.cli.terminal import plain
from asklearn.events import Label

# Scripts that put no spaces between words go sign by sign, as on the page: Han, kana, Thai, Lao, Khmer, Burmese.
DENSE = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x19E0, 0x19FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x3041, 0x309F),
    (0x30A1, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
    (0x20000, 0x323AF),
)
STARTS = [start for start, _ in DENSE]

Stretch = tuple[int, int]  # from, to, in code points, the end exclusive


def words(text: str) -> list[Stretch]:
    """Every word, and every other sign that is no space.

    >>> words("Ann's 3rd!")
    [(0, 3), (3, 4), (4, 5), (6, 9), (9, 10)]
    >>> words("東京 नमस्ते")
    [(0, 1), (1, 2), (3, 9)]
    """
    found: list[Stretch] = []
    last = ""  # what the sign before belongs to
    for place, sign in enumerate(text):
        kind = _kind(sign)
        if last and ((kind == "mark" and last != "sign") or kind == last == "word"):
            found[-1] = (found[-1][0], place + 1)
            continue
        last = "word" if kind == "mark" else kind
        if kind:
            found.append((place, place + 1))
    return found


def touched(all: Sequence[Stretch], start: int, end: int) -> tuple[int, int] | None:
    """The first and the last of these words that a stretch of the text touches.

    >>> touched([(0, 3), (4, 6), (7, 9)], 5, 8), touched([(0, 3)], 3, 4)
    ((1, 2), None)
    """
    first = bisect_right(all, start, key=lambda word: word[1])
    last = bisect_left(all, end, key=lambda word: word[0]) - 1
    return (first, last) if first <= last else None


def _kind(sign: str) -> str:
    """ "word", "dense", "mark", "sign", or "" for a space."""
    if sign.isspace():
        return ""
    category = unicodedata.category(sign)[0]
    if category == "M":
        return "mark"
    at = bisect_right(STARTS, ord(sign)) - 1
    if at >= 0 and ord(sign) <= DENSE[at][1]:
        return "dense"
    return "word" if category in "LN" or sign == "_" else "sign"


@dataclass(frozen=True)
class Mark:
    """A passage, and what the model holds of it until a person has said so."""

    start: int
    end: int
    label: Label
    p: float | None = None


class Sign(NamedTuple):
    """What is shown at once: a sign of the text, or of the brackets around some (which has no place in it)."""

    text: str
    style: str
    place: int
    cells: int


@dataclass
class Laid:
    """One row, and the column in which each sign of the text begins."""

    signs: list[Sign] = field(default_factory=list)
    width: int = 0
    columns: dict[int, int] = field(default_factory=dict)

    def add(self, sign: Sign) -> None:
        """At the end of the row."""
        if sign.place >= 0:
            self.columns[sign.place] = self.width
        self.signs.append(sign)
        self.width += sign.cells

    def row(self, chosen: Stretch = (0, 0)) -> Row:
        """Behind the bar that stands before an item; what is chosen in reverse."""
        parts = [("│ ", "")]
        for sign in self.signs:
            style = f"{sign.style} reverse".strip() if chosen[0] <= sign.place < chosen[1] else sign.style
            if parts[-1][1] == style:
                parts[-1] = (parts[-1][0] + sign.text, style)
            else:
                parts.append((sign.text, style))
        return Row(tuple(parts))


class Page:
    """A text in rows, its passages in brackets with their labels."""

    def __init__(self, text: str) -> None:
        self._text = text
        ends = [place for place, sign in enumerate(text) if sign == "\n"]
        self._lines = list(pairwise([0, *(end + 1 for end in ends), len(text) + 1]))
        self._known: dict[Any, list[Laid]] = {}  # the lines as they were laid last

    def rows(self, marks: Sequence[Mark], width: int) -> list[Laid]:
        """All of them, of at most this width."""
        known: dict[Any, list[Laid]] = {}
        for start, end in self._lines:
            inside = tuple(mark for mark in marks if mark.start < end and start < mark.end)
            key = (start, inside, width)
            known[key] = self._known.get(key) or wrapped(self._signs(start, end, inside), width)
        self._known = known
        return [row for rows in known.values() for row in rows]

    def _signs(self, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Sign]:
        """A line of the text, from `start` to behind its end."""
        opens = {mark.start for mark in marks}
        closes = {mark.end - 1: mark for mark in marks}
        style = "underline" if any(mark.start < start for mark in marks) else ""
        for place in range(start, end):
            if place in opens:
                style = "underline"
                yield Sign("[", "bold", -1, 1)
            sign = self._text[place : place + 1]
            if sign not in ("", "\n") and self._text[place : place + 2] != "\r\n":
                yield Sign(shown := visible(sign), style, place, cells(shown))
            if place in closes:
                style = ""
                yield from (Sign(sign, "bold", -1, cells(sign)) for sign in closing(closes[place]))


def closing(mark: Mark) -> str:
    """
    >>> closing(Mark(0, 3, "person")), closing(Mark(0, 3, "place", 0.62))
    (': person]', ': place 62%?]')
    """
    held = "" if mark.p is None else f" {percent(mark.p)}?"
    return f": {plain(mark.label)}{held}]"


def wrapped(signs: Iterable[Sign], width: int) -> list[Laid]:
    """In rows, broken at spaces where there are any."""
    rows = [Laid()]
    word: list[Sign] = []

    def put() -> None:
        if rows[-1].width + sum(sign.cells for sign in word) > width and rows[-1].signs:
            rows.append(Laid())
        for sign in word:
            if rows[-1].width + sign.cells > width and rows[-1].signs:
                rows.append(Laid())
            rows[-1].add(sign)
        word.clear()

    for sign in signs:
        if sign.place >= 0 and sign.text.isspace():
            put()
            if rows[-1].width + sign.cells <= width:
                rows[-1].add(sign)
        else:
            word.append(sign)
    put()
    return rows


def cells(text: str) -> int:
    """The columns that it takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
