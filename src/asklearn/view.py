"""What a strategy may look at: named quantities, computed when first asked for and once.

A function says what it needs by the names of its parameters. `View.call` passes exactly these, `needs` tells
them beforehand, so that a project refuses a strategy its model cannot serve before the first question, not
after it. A frozen dataclass that nests others (`mix(spread(margin), share=0.1)`) needs what its own call
names and what the functions in its fields need.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asklearn.errors import SettingError

Positions = NDArray[np.intp]

QUANTITIES: dict[str, str] = {  # what it is and who gives it, as a sentence of its own
    "proba": "Probabilities (items, classes) come from a model with predict_proba.",
    "draws": "Draws (items, draws, classes) come from a committee or a model with draws(X, k, rng).",
    "mean": "Predicted numbers (items,) come from a model that predicts numbers.",
    "std": "Standard deviations (items,) come from a model that predicts numbers with an uncertainty.",
    "embedding": "Features (items, d) in which near means alike come with the pool.",
    "labelled": "What was answered and what is reserved comes with a project, or as a Labelled.",
    "cost": "What each answer costs (items,), in money or minutes, is a column of the pool.",
    "priority": "How much each item matters (items,) is a column of the pool.",
    "n": "How many items to choose.",
    "rng": "The generator every draw must come from.",
    "view": "The view itself.",
}
FREE = frozenset({"n", "rng", "view"})  # always there
ROWS = ("proba", "embedding", "mean", "std", "draws", "cost", "priority")  # one entry an item, cheapest first


@dataclass(frozen=True, eq=False)
class Labelled:
    """What was answered AND what is reserved, so that nobody is asked for the like of what is on its way.

    embedding (items, d) and proba (items, classes) are the rows of the same spaces as the candidates'. y
    (items,) holds the column of proba that is the answer, -1 where it is not known yet (reserved, skipped);
    for numbers the number, NaN where it is not known yet.
    """

    embedding: Any = None
    y: NDArray[Any] | None = None
    proba: NDArray[Any] | None = None

    def __len__(self) -> int:
        return next((x.shape[0] for x in (self.embedding, self.y, self.proba) if x is not None), 0)


def known_points(labelled: Labelled | None, embedding: Any) -> Any:
    """The points of what is labelled or reserved; no row of `embedding` where there is none."""
    found = None if labelled is None else labelled.embedding
    return embedding[:0] if found is None else found


class _Once:
    """A value, or what computes it when first asked for."""

    __slots__ = ("ready", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.ready = not callable(value)

    def get(self) -> Any:
        if not self.ready:
            self.value, self.ready = self.value(), True
        return self.value


@dataclass
class Note:
    """Why a position was chosen, as far as the strategy told."""

    score: float | None = None
    chance: float | None = None
    arm: str = ""


@dataclass(frozen=True)
class _Parameters:
    required: tuple[str, ...]
    optional: tuple[str, ...]


@lru_cache(maxsize=512)
def _read(function: Callable[..., Any]) -> _Parameters:
    required: list[str] = []
    optional: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        (required if parameter.default is parameter.empty else optional).append(parameter.name)
    return _Parameters(tuple(required), tuple(optional))


def _parameters(f: Callable[..., Any]) -> _Parameters:
    """The names of f's parameters; of a value with a call, those of the call without `self`."""
    if inspect.isfunction(f):
        return _read(f)
    if inspect.isclass(f):
        raise SettingError(f"{f.__name__} is a kind of strategy; give it what it needs: {f.__name__}(...)")
    if is_dataclass(f):
        found = _read(type(f).__call__)
        return _Parameters(found.required[1:], found.optional)
    return _read.__wrapped__(f)


def name(f: Any) -> str:
    """What a strategy or a score is called in a sentence."""
    return f.__name__ if hasattr(f, "__name__") else type(f).__name__


def parts(f: Any) -> Iterator[Callable[..., Any]]:
    """The functions in the fields of a frozen dataclass, also those in a tuple."""
    if is_dataclass(f) and not isinstance(f, type):
        for each in fields(f):
            value = getattr(f, each.name)
            yield from (v for v in (value if isinstance(value, tuple) else (value,)) if callable(v))


def is_strategy(f: Callable[..., Any]) -> bool:
    """Whether f chooses, for it asks for `n`; otherwise it scores."""
    found = _parameters(f)
    return "n" in found.required + found.optional


def needs(f: Callable[..., Any]) -> frozenset[str]:
    """The quantities without which f, or anything nested in it, cannot work; n, rng and view are always
    there.

    >>> sorted(needs(lambda proba, embedding, n, rng, labelled=None: ...))
    ['embedding', 'proba']
    """
    wanted = _parameters(f).required
    for each in wanted:
        if each not in QUANTITIES:
            raise SettingError(
                f"{name(f)} has a parameter {each!r}, no quantity; there are {', '.join(QUANTITIES)} "
                "(give your own settings a default)"
            )
    within = frozenset[str]().union(*map(needs, parts(f)))
    return frozenset(wanted).difference(FREE) | (within - gives(f))


def takes(f: Callable[..., Any], quantity: str) -> bool:
    """Whether f, or anything nested in it, has a parameter of this name, needed or not.

    >>> takes(lambda n, rng, priority=None: ..., "priority")
    True
    """
    found = _parameters(f)
    return quantity in found.required + found.optional or any(takes(part, quantity) for part in parts(f))


def gives(f: Callable[..., Any]) -> frozenset[str]:
    """The quantities that f itself gives to what is nested in it: draws, of a committee."""
    return frozenset(getattr(f, "gives", ()))


def require(
    f: Callable[..., Any], given: Container[str], model: str = "", within: frozenset[str] = frozenset()
) -> None:
    """Nothing, or a `SettingError` that says what f or a part of it needs and who could give it.

    `within`: what the strategies around f give.
    """
    for each in parts(f):
        require(each, given, model, within | gives(f))
    for quantity in _parameters(f).required:
        if quantity in needs(f) - within and quantity not in given:
            raise _absent(name(f), quantity, model)


def _absent(who: str, quantity: str, model: str) -> SettingError:
    giver = f"the model {model}" if model else "this view"
    return SettingError(f"{who} needs {quantity}; {giver} gives none. {QUANTITIES[quantity]}")


class View:
    """The candidates as a strategy sees them: `n` to choose, `rng` to draw with, and quantities, given as
    values or as functions without arguments that are called at most once.

    >>> view = View(n=1, rng=np.random.default_rng(0), proba=lambda: np.array([[0.9, 0.1], [0.5, 0.5]]))
    >>> view.size, view.call(lambda proba: proba.max(axis=1)).tolist()
    (2, [0.9, 0.5])

    `size` is how many candidates there are; left out, it is read from a quantity. `model` names the model in
    errors.
    """

    def __init__(
        self, *, n: int, rng: np.random.Generator, size: int | None = None, model: str = "", **given: Any
    ) -> None:
        for each in given:
            if each not in QUANTITIES or each in FREE:
                raise SettingError(f"there is no quantity {each!r}; there are {', '.join(QUANTITIES)}")
        if n < 0:
            raise SettingError(f"n is how many items to choose; it cannot be {n}")
        self.n = n
        self.rng = rng
        self.model = model
        self._cells = {key: _Once(value) for key, value in given.items() if value is not None}
        self._size = size
        self._notes: dict[int, Note] = {}
        self._of: tuple[View, Positions] | None = None

    @property
    def given(self) -> frozenset[str]:
        """The quantities this view has."""
        return FREE.union(self._cells)

    @property
    def size(self) -> int:
        """How many candidates there are."""
        if self._size is None:
            cells = [self._cells[key] for key in ROWS if key in self._cells]
            if not cells:
                raise SettingError(f"a view of nothing: give it size or one of {', '.join(ROWS)}")
            self._size = int(next((c for c in cells if c.ready), cells[0]).get().shape[0])
        return self._size

    def __contains__(self, quantity: str) -> bool:
        return quantity in self._cells or quantity in FREE

    def __getitem__(self, quantity: str) -> Any:
        """The quantity of this name, computed now if it was not before."""
        if quantity in self._cells:
            return self._cells[quantity].get()
        if quantity in FREE:
            return {"n": self.n, "rng": self.rng, "view": self}[quantity]
        if quantity not in QUANTITIES:
            raise SettingError(f"there is no quantity {quantity!r}; there are {', '.join(QUANTITIES)}")
        raise _absent("what is called here", quantity, self.model)

    def call(self, f: Callable[..., Any], **other: Any) -> Any:
        """What f returns, called with exactly what its parameters name; `other` stands in for quantities of
        this view.

        A parameter with a default is passed only when the quantity is there.
        """
        if other:
            return self.change(**other).call(f)
        found = _parameters(f)
        for each in found.required:
            if each not in self:
                require(f, self.given, self.model)
        wanted = found.required + tuple(each for each in found.optional if each in self)
        return f(**{each: self[each] for each in wanted})

    def change(self, *, n: int | None = None, rng: np.random.Generator | None = None, **other: Any) -> View:
        """The same candidates with another n, rng or quantity; what is told of positions is told to this
        view.
        """
        view = View(
            n=self.n if n is None else n,
            rng=self.rng if rng is None else rng,
            size=self._size,
            model=self.model,
            **other,
        )
        view._cells = self._cells | view._cells
        view._notes, view._of = self._notes, self._of
        return view

    def take(self, index: Positions) -> View:
        """Only the candidates at these positions; what is told of position i there is told of index[i]
        here.
        """
        view = View(n=min(self.n, len(index)), rng=self.rng, size=len(index), model=self.model)
        view._cells = {
            key: _Once(_rows(cell, index) if key in ROWS else cell.get) for key, cell in self._cells.items()
        }
        view._of = (self, index)
        return view

    def tell(
        self,
        positions: Positions,
        *,
        scores: NDArray[Any] | None = None,
        chance: float | None = None,
        arm: str = "",
    ) -> None:
        """Say why these positions were chosen: their scores, the chance with which the draw took each of
        them, the word for what chose them. What was told before of the same position stays unless told
        anew.
        """
        if self._of is not None:
            above, index = self._of
            return above.tell(index[positions], scores=scores, chance=chance, arm=arm)
        for i, position in enumerate(positions):
            note = self._notes.setdefault(int(position), Note())
            if scores is not None:
                note.score = float(scores[i])
            note.chance = chance if chance is not None else note.chance
            note.arm = arm or note.arm
        return None

    def told(self, position: int) -> Note:
        """What was told of a position."""
        if self._of is not None:
            above, index = self._of
            return above.told(int(index[position]))
        return self._notes.get(int(position), Note())


def _rows(cell: _Once, index: Positions) -> Callable[[], Any]:
    return lambda: cell.get()[index]
