"""Strategies as values: frozen dataclasses whose text is their configuration, and the text read back."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from typing import Any, TypeVar, dataclass_transform

from asklearn.errors import SettingError
from asklearn.view import name

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A frozen dataclass whose repr is what one writes to get it: `mix(spread(margin, width=3), share=0.2)`."""
    cls.__repr__ = expression  # type: ignore[method-assign]
    return dataclass(frozen=True, repr=False)(cls)


_named: dict[Any, str] = {}


def named(word: str, f: T) -> T:
    """f, which is called by this word from now on."""
    _named[f] = word
    return f


def expression(f: Any) -> str:
    """The text that `parse` turns into f: the word it is named by, else its kind with the settings that differ from
    their defaults."""
    if not hasattr(f, "__dataclass_fields__"):
        return name(f) if callable(f) else _text(f)
    try:
        return _named[f]
    except (KeyError, TypeError):  # a value of your own may hold what has no hash
        pass
    settings = []
    for each in fields(f):
        given = getattr(f, each.name)
        if each.default is MISSING:
            settings.append(_text(given))
        elif given != each.default:
            settings.append(f"{each.name}={_text(given)}")
    return f"{name(f)}({', '.join(settings)})"


def _text(given: Any) -> str:
    if isinstance(given, tuple):
        return "(" + "".join(_text(x) + ", " for x in given).rstrip() + ")"
    return expression(given) if callable(given) or hasattr(given, "__dataclass_fields__") else repr(given)


def parse(text: str, words: Mapping[str, Any], kinds: Mapping[str, type]) -> Any:
    """The value written in `text`: words, numbers, texts, and kinds called with these; nothing is evaluated.

    >>> parse("complex(one, imag=-1)", {"one": 1}, {"complex": complex})
    (1-1j)
    """

    def read(node: ast.expr) -> Any:
        match node:
            case ast.Name(id=word):
                return _find(word, words, text)
            case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords):
                if word in words and word not in kinds:
                    raise SettingError(f"{word} has no settings: write {word} instead of {ast.unparse(node)}")
                kind = _find(word, kinds, text)
                try:
                    return kind(*map(read, args), **{str(k.arg): read(k.value) for k in keywords})
                except TypeError as reason:
                    raise SettingError(f"{ast.unparse(node)} in {text!r}: {reason}") from None
            case ast.Constant(value=bool() | int() | float() | str() | None as constant):
                return constant
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.Tuple(elts=entries) | ast.List(elts=entries):
                return tuple(map(read, entries))
        raise SettingError(f"{ast.unparse(node)!r} in {text!r} is no strategy, score, number or text")

    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SettingError(
            f"{text!r} cannot be read as a strategy; write a name such as margin "
            "or an expression such as mix(spread(margin), share=0.1)"
        ) from None
    return read(tree.body)


def _find(word: str, words: Mapping[str, T], text: str) -> T:
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=1)
    hint = f" (did you mean {near[0]}?);" if near else ";"
    where = "" if text.strip() == word else f" in {text!r}"
    raise SettingError(f"there is no strategy {word!r}{where}{hint} there are {', '.join(sorted(words))}")
