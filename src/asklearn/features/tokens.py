"""Texts as tokens, and tokens in numbers: what a word looks like, hashed once for every different word.

A token is seen by its own word and by its neighbours'. What is said of it by a linear model is then a sum over the
places of the window, each of which is known for every different word: a pool of a million tokens costs as much as
its vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

TOKENIZER = (
    "words"  # the name under which projects keep it: runs of letters and digits, every other sign alone
)
TOKEN = re.compile(r"\w+|[^\w\s]")
HASHED = 2**18  # columns of a word's features, for each place of the window
WINDOW = (-2, -1, 0, 1, 2)
EDGE = "\n"  # the word beyond either end of a text; no token is one


def tokens(text: str) -> list[tuple[int, int]]:
    """(start, end) of each token, in code points, end exclusive.

    >>> tokens("Ann's 3rd try!")
    [(0, 3), (3, 4), (4, 5), (6, 9), (10, 13), (13, 14)]
    """
    return [found.span() for found in TOKEN.finditer(text)]


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of some texts, one after the other.

    first (texts + 1,): where each text's tokens begin; start, end (tokens,): where they lie in their text; words: every
    different one; word (tokens + 4 texts + 4,): their numbers with two edges around every text, at place (tokens,).
    """

    first: np.ndarray
    start: np.ndarray
    end: np.ndarray
    words: list[str]
    word: np.ndarray
    place: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """(texts,) how many tokens each text has."""
        return np.diff(self.first)


def cut(texts: Sequence[str]) -> Tokens:
    """All tokens of the texts."""
    known: dict[str, int] = {EDGE: 0}
    first, start, end, word, place = [0], [], [], [0, 0], []
    for text in texts:
        for left, right in tokens(text):
            start.append(left)
            end.append(right)
            place.append(len(word))
            word.append(known.setdefault(text[left:right], len(known)))
        word += [0, 0]
        first.append(len(start))
    return Tokens(_ints(first), _ints(start), _ints(end), list(known), _ints(word), _ints(place))


def _ints(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.intp)


def words_in_numbers(words: Sequence[str]) -> Any:
    """csr (words, HASHED) float32: a 1 for everything that is true of the word."""
    return _hasher().transform([looks(word) for word in words])


def looks(word: str) -> list[str]:
    """What is true of a word.

    >>> looks("Oslo")[:4]
    ['=oslo', 'Xx', 'Xxxx', '^o']
    """
    if word == EDGE:
        return ["edge"]
    lower = word.lower()
    shape = "".join(map(_kind, word[:12]))
    ends = [f"^{lower[:k]}" for k in range(1, 5) if k <= len(lower)]
    ends += [f"{lower[-k:]}$" for k in range(1, 5) if k <= len(lower)]
    return [f"={lower}", re.sub(r"(.)\1+", r"\1", shape), shape, *ends]


def _kind(sign: str) -> str:
    return "X" if sign.isupper() else "x" if sign.islower() else "9" if sign.isdigit() else sign


@cache
def _hasher() -> Any:
    from sklearn.feature_extraction import FeatureHasher

    return FeatureHasher(HASHED, input_type="string", alternate_sign=False, dtype=np.float32)
