"""Writes the references from the code, docs/commands.md, docs/python.md and the tables of docs/strategies.md:
`python -m docs.generate`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import asklearn
from asklearn import errors, settings
from asklearn.cli.commands import tree
from asklearn.strategies import expression, registry
from asklearn.testing.strategy import RULES
from asklearn.view import needs

FOLDER = Path(__file__).parent

COMMANDS = """\
# Commands

Written by `python -m docs.generate` from the command line itself; `asklearn COMMAND --help` says the same.

Results go to stdout, progress and remarks to stderr. Exit codes: 0 done, 1 it failed (a sentence says why),
2 wrong use, 130 interrupted.
"""

PYTHON = """\
# Python

Written by `python -m docs.generate` from the docstrings. Everything here is imported from `asklearn`; what a
name needs is loaded when it is first used.
"""


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def usage(name: str, command: Any) -> str:
    arguments = [parameter.metavar for parameter in command.params if parameter.param_type_name == "argument"]
    return " ".join([name, *arguments, "[OPTIONS]"])


def option(parameter: Any) -> str:
    spelt = "/".join([*parameter.opts, *parameter.secondary_opts])
    value = "" if parameter.is_flag else f" {parameter.metavar}"
    return code(spelt + value)


def command(name: str, command: Any) -> Iterator[str]:
    """One command as Markdown, line by line."""
    yield f"## {name}\n"
    yield f"```\n{usage(name, command)}\n```\n"
    yield inspect.cleandoc(command.help) + "\n"
    yield "| | | default |\n|---|---|---|"
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield f"| `{parameter.metavar}` | {cell(parameter.help)} | |"
        else:
            plain = parameter.is_flag or parameter.default is None
            default = "" if plain else cell(str(parameter.default)) + " "
            yield f"| {option(parameter)} | {cell(parameter.help)} | {default}|"
    yield ""


def commands() -> str:
    """The reference of the command line."""
    (_, group), *rest = tree()
    width = max(len(name) for name, _ in rest)
    lines = [COMMANDS, "```"]
    lines += [f"{name:<{width}}   {one.help.splitlines()[0]}" for name, one in rest]
    lines += ["```", "", group.epilog, ""]
    for name, one in rest:
        lines += command(name, one)
    return "\n".join(lines).rstrip() + "\n"


def said(value: Any) -> str:
    """A docstring as Markdown: its examples become code."""
    lines, code = [], False
    for line in inspect.cleandoc(value.__doc__ or "").splitlines():
        if line.startswith(">>>") and not code:
            lines.append("```")
            code = True
        elif code and not line:
            lines.append("```")
            code = False
        lines.append(line)
    return "\n".join([*lines, "```"] if code else lines)


def first_words(value: Any) -> str:
    """The first paragraph of its docstring."""
    return inspect.cleandoc(value.__doc__ or "").partition("\n\n")[0]


def called(name: str, value: Any) -> str:
    """name(parameters), as people write it."""
    parameters = inspect.signature(value).parameters.values()
    shown = [p.replace(annotation=p.empty) for p in parameters if p.name not in {"self", "cls"}]
    return f"{name}{inspect.Signature(shown)}"


def public(value: Any) -> list[str]:
    """The public names of a class or module, in the order of its text."""
    if isinstance(value, ModuleType):
        return list(value.__all__) if hasattr(value, "__all__") else defined(value)
    return [name for name in vars(value) if not name.startswith("_") and callable(getattr(value, name))]


def defined(module: ModuleType) -> list[str]:
    """What the module defines itself."""
    mine = vars(module).items()
    return [name for name, v in mine if getattr(v, "__module__", "") == module.__name__ and name[0] != "_"]


def name(name: str, value: Any) -> Iterator[str]:
    """One public name as Markdown, line by line."""
    yield f"## {name}\n"
    if callable(value) and not issubclass_of_error(value):
        yield f"```\n{called(name, value)}\n```\n"
    yield said(value) + "\n"
    if isinstance(value, type | ModuleType) and not issubclass_of_error(value):
        listed = [(other, getattr(value, other)) for other in public(value)]
        if listed:
            yield "| | |\n|---|---|"
            for other, one in listed:
                spelt = called(other, one) if callable(one) else other
                yield f"| {code(spelt)} | {cell(first_words(one))} |"
            yield ""


def issubclass_of_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, errors.AskLearnError)


def every_error() -> list[type[errors.AskLearnError]]:
    return sorted(filter(issubclass_of_error, vars(errors).values()), key=lambda kind: kind.__name__)


def python() -> str:
    """The reference of the public names, the errors and the settings."""
    lines = [PYTHON]
    for public_name in asklearn.__all__:
        lines += name(public_name, getattr(asklearn, public_name))
    lines += ["## Errors\n", "All of them are in `asklearn.errors`.\n", "| | is a | |\n|---|---|---|"]
    lines += [
        f"| `{e.__name__}` | `{e.__bases__[0].__name__}` | {cell(first_words(e))} |" for e in every_error()
    ]
    lines += ["", "## project.toml\n", "| setting | | default |\n|---|---|---|"]
    for field in fields(settings.Settings):
        missing = field.default is MISSING or field.default is None
        default = "" if missing else code(json.dumps(field.default)) + " "
        lines.append(f"| `{field.name}` | {cell(settings.COMMENTS[field.name])} | {default}|")
    return "\n".join(lines).rstrip() + "\n"


def strategies() -> str:
    """docs/strategies.md as it is, each part between `<!-- generated: NAME -->` and `<!-- end -->` written anew."""

    def anew(found: re.Match[str]) -> str:
        return f"{found[1]}\n" + "\n".join(GENERATED[found[2]]()) + f"\n{found[3]}"

    page = (FOLDER / "strategies.md").read_text("utf-8")
    return re.sub(r"(<!-- generated: (\w+) -->)\n.*?(<!-- end -->)", anew, page, flags=re.S)


def strategy_rows() -> Iterator[str]:
    yield "| | good for | bad for | needs | tasks | cost | source |\n|---|---|---|---|---|---|---|"
    for e in sorted(registry.STRATEGIES, key=lambda entry: entry.name):
        told = (e.good, e.bad, ", ".join(sorted(needs(e.strategy))), e.tasks, e.cost, e.source)
        yield f"| `{e.name}` | " + " | ".join(map(cell, told)) + " |"


def described(values: Iterable[Any]) -> Iterator[str]:
    """Each with its parameters where it has settings, and the first paragraph of its docstring."""
    yield "| | |\n|---|---|"
    for value in sorted(values, key=lambda value: value.__name__):
        yield f"| {code(value.__name__ + with_settings(value))} | {cell(first_words(value))} |"


def with_settings(value: Any) -> str:
    """(name, name=default) of a kind of strategy as people write them; nothing of a function."""
    if not isinstance(value, type):
        return ""
    told = [
        each.name if each.default is MISSING else f"{each.name}={expression(each.default)}"
        for each in fields(value)
    ]
    return f"({', '.join(told)})"


def rule_rows() -> Iterator[str]:
    yield "| | |\n|---|---|"
    for rule_name, rule in RULES.items():
        yield f"| {rule_name} | {cell(first_words(rule))} |"


GENERATED: dict[str, Callable[[], Iterator[str]]] = {
    "strategies": strategy_rows,
    "scores": lambda: described(registry.SCORES),
    "kinds": lambda: described(registry.KINDS),
    "rules": rule_rows,
}
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "python.md": python,
    "strategies.md": strategies,
}

if __name__ == "__main__":
    for file, generate in PAGES.items():
        (FOLDER / file).write_text(generate(), encoding="utf-8")
