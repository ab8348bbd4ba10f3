"""The labels with their keys, and labels found by a part of their name."""

from __future__ import annotations

from collections.abc import Sequence

from asklearn.cli.answers.way import Place
from asklearn.cli.paper import WIDE, Line
from asklearn.cli.terminal import plain

MANY = 20  # labels; where there are more, the keys belong to the likeliest
LISTED = 10
BETWEEN = "    "

DIGITS = "1234567890"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TAKEN = frozenset("abdfghnpuvxz" + "q")  # never a label: the page's, and q, which ends here


def assign(names: Sequence[str]) -> list[str]:
    """A key for each label, as the page gives them: digits, then a letter of its own name, then any; "" at the end.

    >>> assign(["ham", "spam"])
    ['1', '2']
    """
    free = [letter for letter in LETTERS if letter not in TAKEN]
    given = list(DIGITS[: len(names)])
    for name in names[len(DIGITS) :]:
        key = next((sign for sign in name.lower() if sign in free), free[0] if free else "")
        given.append(key)
        if key:
            free.remove(key)
    return given


def matches(names: Sequence[str], wanted: str) -> list[int]:
    """The labels whose name holds `wanted`: the one of that name alone, else those that begin with it first.

    >>> matches(["spam", "ham", "hamster", "ham radio"], "ham"), matches(["spam", "ham"], "AM")
    ([1], [0, 1])
    """
    wanted = wanted.strip().lower()
    places = {i: name.lower().find(wanted) for i, name in enumerate(names)}
    exact = [i for i, name in enumerate(names) if name.lower() == wanted]
    return exact[:1] or sorted((i for i in places if places[i] >= 0), key=lambda i: places[i] > 0)


def percent(p: float) -> str:
    """
    >>> percent(0.997), percent(0.5), percent(0.001)
    ('>99%', '50%', '<1%')
    """
    return ">99%" if p > 0.99 else "<1%" if p < 0.01 else f"{p:.0%}"


class Choices:
    """The labels of a task, each with the key that stands for it at the moment."""

    def __init__(self, names: Sequence[str], noun: tuple[str, str]) -> None:
        self.names, self._noun = list(names), noun
        self._recent: list[int] = []
        self._keys: dict[str, int] = {}

    def rank(self, chances: Sequence[float] | None) -> None:
        """Give out the keys for another item, of which the model holds this."""
        given = assign(self.names)
        order = list(range(len(self.names)))
        if len(self.names) > MANY:
            given = list(DIGITS)
            if chances is None:
                order = list(dict.fromkeys([*self._recent, *order]))
            else:
                order.sort(key=lambda i: -chances[i])
        self._keys = {key: i for key, i in zip(given, order, strict=False) if key}

    def at(self, key: str) -> int | None:
        """The label that the key stands for."""
        return self._keys.get(key)

    def chosen(self, index: int) -> None:
        """Where there are many, what was chosen last comes first."""
        self._recent = [index, *(other for other in self._recent if other != index)]

    def find(self, wanted: str, place: Place) -> int | None:
        """The label whose name holds this; where it is none or several, that is said."""
        if not wanted.strip():
            return None
        found = matches(self.names, wanted)
        if len(found) == 1:
            return found[0]
        listed = ", ".join(plain(self.names[i]) for i in found[:LISTED])
        more = f" and {len(found) - LISTED:,} more" if len(found) > LISTED else ""
        place.remark(
            f"{listed}{more}: write more of its name" if found else f"No {self._noun[0]} is called that."
        )
        return None

    def lines(
        self, looks: Sequence[tuple[str, str]], width: int, room: int, more: Sequence[str] = ()
    ) -> list[Line]:
        """The keys with their labels: in one line where they fit, else in one each where there is room, else packed.

        looks: what stands before each name and behind it.
        """
        listed = []
        for key, i in self._keys.items():
            before, behind = looks[i]
            listed.append(f"{key.upper()} {before}{plain(self.names[i])}{behind}")
        listed += more
        line = f"  {BETWEEN.join(listed)}"
        fits = len(line) < width and len(listed) <= LISTED + len(more)
        if fits or width == WIDE.columns:
            lines = [line]
        elif len(listed) <= room:
            lines = [f"  {one}" for one in listed]
        else:
            lines = packed(listed, width)
        if len(self._keys) < len(self.names):
            lines.append(f"  / finds any of the {len(self.names):,} {self._noun[1]} by its name")
        return [(line, "bold") for line in lines]


def packed(parts: Sequence[str], width: int) -> list[str]:
    """As many in a line as fit.

    >>> packed(["one", "two", "three"], 16)
    ['  one    two', '  three']
    """
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1]) + len(BETWEEN) + len(part) >= width:
            lines.append("")
        lines[-1] += f"{BETWEEN if lines[-1] else '  '}{part}"
    return lines
