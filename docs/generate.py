"""Writes docs/commands.md from the command line itself: `python -m docs.generate`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asklearn.cli.commands import tree

OUT = Path(__file__).with_name("commands.md")

HEAD = """\
# Commands

Written by `python -m docs.generate` from the command line itself; `asklearn COMMAND --help` says the same.

Results go to stdout, progress and remarks to stderr. Exit codes: 0 done, 1 it failed (a sentence says why),
2 wrong use, 130 interrupted.
"""


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def usage(name: str, command: Any) -> str:
    arguments = [parameter.metavar for parameter in command.params if parameter.param_type_name == "argument"]
    return " ".join([name, *arguments, "[OPTIONS]"])


def option(parameter: Any) -> str:
    value = "" if parameter.is_flag else f" {parameter.metavar}"
    return f"`{', '.join(parameter.opts)}{value}`".replace("|", "\\|")


def section(name: str, command: Any) -> Iterator[str]:
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
    lines = [HEAD, "```"]
    width = max(len(name) for name, _ in rest)
    lines += [f"{name:<{width}}   {command.help.splitlines()[0]}" for name, command in rest]
    lines += ["```", "", group.epilog, ""]
    for name, command in rest:
        lines += section(name, command)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    OUT.write_text(commands(), encoding="utf-8")
