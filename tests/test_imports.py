"""What is slow to import is imported when it is first needed, not before."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

import asklearn

HEAVY = {
    "sklearn",
    "pandas",
    "polars",
    "torch",
    "scipy.stats",
    "pyarrow",
    "matplotlib",
    "PIL",
    "fastapi",
    "uvicorn",
}


def loaded_by(code: str) -> set[str]:
    """The modules a fresh interpreter holds after running this."""
    printing = "\nimport sys\nprint('\\n'.join(['loaded:', *sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code + printing], capture_output=True, text=True, check=True)
    return set(run.stdout.partition("loaded:\n")[2].split())


def help_of(*words: str) -> str:
    return f"from asklearn.cli import main\nassert main([{', '.join(map(repr, words))}]) == 0"


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import asklearn", HEAVY | {"typer", "rich"}),
        ("import asklearn; dir(asklearn)", HEAVY | {"typer", "rich"}),
        (help_of("--help"), HEAVY | {"numpy", "scipy", "rich"}),
        (help_of("--version"), HEAVY | {"numpy", "scipy", "rich"}),
        (help_of("init", "--help"), HEAVY | {"numpy", "scipy", "rich"}),
        ("import asklearn.server.run", HEAVY - {"fastapi", "uvicorn", "PIL"}),
    ],
)
def test_nothing_heavy_is_loaded(code: str, heavy: set[str]) -> None:
    assert not loaded_by(code) & heavy


def test_the_face_is_sorted_and_complete() -> None:
    assert list(asklearn.__all__) == sorted(asklearn.__all__)
    public = {name for name in dir(asklearn) if not name.startswith("_")}
    assert public == {name for name in asklearn.__all__ if not name.startswith("_")}


@pytest.mark.parametrize("name", asklearn.__all__)
def test_every_name_of_the_face_is_there(name: str) -> None:
    assert getattr(asklearn, name) is not None


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="Projekt"):
        asklearn.Projekt  # noqa: B018


def test_the_help_of_a_missing_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without typer the command says which extra is missing, instead of a traceback."""
    from asklearn.cli import main

    class Without:
        """Finds no typer, as if it were not installed."""

        def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> None:
            if name == "typer":
                raise ModuleNotFoundError("No module named 'typer'", name="typer")

    assert importlib.util.find_spec("typer") is not None
    for name in [
        name for name in sys.modules if name.split(".")[0] == "typer" or name == "asklearn.cli.commands"
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Without(), *sys.meta_path])
    assert main(["status", "x"]) == 1
    assert (
        capsys.readouterr().err
        == "asklearn: the command line needs the extra 'app': pip install \"asklearn[app]\"\n"
    )
