"""What each column of a file is for: id, label, what is asked about, the rest, which is kept for the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from asklearn.errors import DataError, SettingError
from asklearn.pool import Kind

KEPT = ("image", "feature", "other")  # a text is kept apart from the cells; id and label are none


@dataclass
class Column:
    """`role`: id, label, text, image, feature or other. `number`: a feature of which all cells were numbers."""

    name: str
    role: str
    number: bool = False

    @property
    def meaning(self) -> str:
        """What became of it, in one word."""
        return self.role if self.role != "feature" else "number" if self.number else "word"


@dataclass(frozen=True)
class Roles:
    """The names of the columns that somebody gave a part."""

    text: str | None = None
    image: str | None = None
    features: tuple[str, ...] = ()
    id: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        given = [what for what in ("text", "image", "features") if getattr(self, what)]
        if len(given) > 1:
            raise SettingError(f"an item is one thing: give {' or '.join(given)}, not {len(given)} of them")
        if self.label is not None and self.label in (self.id, self.text, self.image, *self.features):
            raise SettingError(f"column {self.label!r} cannot be the label and part of the item")

    @property
    def kind(self) -> Kind:
        return "text" if self.text else "image" if self.image else "table"

    def named(self) -> list[str]:
        """The names in use, each once."""
        one = [name for name in (self.id, self.label, self.text, self.image) if name is not None]
        return list(dict.fromkeys([*one, *self.features]))

    def of(self, column: str) -> str:
        """The role of a column; what nobody named belongs to a table unless its features were named.

        The id may also be the item itself: image="file", id="file".
        """
        if column in self.features:
            return "feature"
        for role in ("text", "image", "id", "label"):
            if getattr(self, role) == column:
                return role
        return "feature" if self.kind == "table" and not self.features else "other"


def kept(columns: Iterable[Column]) -> list[Column]:
    """The columns whose cells are kept as they are."""
    return [c for c in columns if c.role in KEPT]


def features_of(features: str | Iterable[str] | None) -> tuple[str, ...]:
    """The features as a tuple of names; a single name is one feature."""
    return () if features is None else (features,) if isinstance(features, str) else tuple(features)


def assign(names: Sequence[str], roles: Roles, source: str) -> list[Column]:
    """The columns with their roles. Raises `DataError` for a name that is not there or twice there."""
    for name, times in Counter(names).items():
        if times > 1:
            raise DataError(f"{source} has {times} columns called {name!r}; names must differ")
    for name in roles.named():
        if name not in names:
            raise DataError(unknown(name, names, source))
    columns = [column(name, roles) for name in names]
    items = [c.name for c in columns if c.role in ("text", "image", "feature")]
    if roles.kind == "table" and not roles.features and len(items) < 2:
        raise DataError(_unclear(items, names, source))
    return columns


def column(name: str, roles: Roles) -> Column:
    """A column with its role; a feature counts as numbers until a word is met."""
    role = roles.of(name)
    return Column(name, role, number=role == "feature")


def unknown(name: str, names: Sequence[str], source: str) -> str:
    """The sentence for a column that is not there."""
    near = get_close_matches(name, names, n=1)
    hint = f" (is it {near[0]!r}?)" if near else ""
    return f"{source} has no column {name!r}{hint}; there are: {', '.join(names)}"


def _unclear(items: Sequence[str], names: Sequence[str], source: str) -> str:
    if not items:
        return f"{source} has no column left to ask about; its columns are: {', '.join(names)}"
    only = items[0]
    return (
        f"{source} has one column to ask about, {only!r}; say what it is: text={only!r}, image={only!r} or "
        f"features={only!r} (command line: --text, --image or --features)"
    )
