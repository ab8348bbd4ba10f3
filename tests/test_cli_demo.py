"""The tour, as `make demo ARGS="--auto N"` runs it: a real server, a teammate over HTTP, an honest end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asklearn.cli.demo import Teammate, write_digits


def tour(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "asklearn", "demo", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_tour_alone(tmp_path):
    """Made from nothing, then continued; the estimate stands beside the truth."""
    first = tour(tmp_path, "--auto", "60")
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "60 labels given, 60 in all" in first.stdout
    for said in ("honest estimate", "true accuracy", "the interval"):
        assert said in first.stdout
    images = list((tmp_path / "asklearn-demo" / "digits").glob("*.png"))
    assert len(images) == 1797

    second = tour(tmp_path, "--auto", "20", "--json")
    assert second.returncode == 0, second.stderr
    told = json.loads(second.stdout)
    assert (told["given"], told["labelled"], told["unlabelled"]) == (20, 80, 1717)
    assert 0.5 < told["true_accuracy"] <= 1
    estimate = told["estimate"]
    assert told["held"] == (estimate["low"] <= told["true_accuracy"] <= estimate["high"])


def test_two_labels_are_too_few_and_it_says_so(tmp_path):
    done = tour(tmp_path, "--auto", "1", "--keep", "here")
    assert done.returncode == 0, done.stderr
    assert "too few labels" in done.stdout
    assert (tmp_path / "here" / "project" / "project.toml").is_file()


def test_the_images_are_the_digits(tmp_path):
    from PIL import Image
    from sklearn.datasets import load_digits

    table = write_digits(tmp_path).read_text("utf-8").splitlines()
    assert table[:2] == ["id,image,digit", "0000,digits/0000.png,0"]
    with Image.open(tmp_path / "digits" / "0000.png") as image:
        small = np.asarray(image.resize((8, 8), Image.Resampling.BOX), dtype=float)
    assert np.corrcoef(small.ravel(), load_digits().images[0].ravel())[0, 1] > 0.95


@pytest.mark.parametrize(("errors", "least", "most"), [(0.0, 0, 0), (0.3, 220, 380), (1.0, 1000, 1000)])
def test_a_teammate_errs_as_often_as_told(errors, least, most):
    labels = ["a", "b", "c"]
    rng = np.random.default_rng(0)
    teammate = Teammate("127.0.0.1:1", "secret", {"i": "b"}, labels, rng, errors)
    said = [teammate._said({"item": "i", "model": None})["label"] for _ in range(1000)]
    assert set(said) <= set(labels)
    assert least <= sum(label != "b" for label in said) <= most
