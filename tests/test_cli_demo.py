"""The tour, as `make demo ARGS="--auto N"` runs it: a real server, a teammate over HTTP, an honest end."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asklearn.cli.demo import Outcome, Teammate, write_digits


def test_the_tour_alone(run):
    """Made from nothing, then continued; the estimate stands beside the truth."""
    first = subprocess.run(
        [sys.executable, "-m", "asklearn", "demo", "--auto", "1"], capture_output=True, text=True
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert "1 labels given, 1 in all" in first.stdout
    assert "too few labels" in first.stdout
    assert len(list(Path("asklearn-demo/digits").glob("*.png"))) == 1797

    second = run("demo", "--auto", "49", "--json")
    assert (second.code, second.err) == (0, "")
    told = second.json
    assert (told["given"], told["labelled"], told["unlabelled"]) == (49, 50, 1747)
    assert 0.5 < told["true_accuracy"] <= 1
    estimate = told["estimate"]
    assert told["held"] == (estimate["low"] <= told["true_accuracy"] <= estimate["high"])


def test_what_the_tour_says_at_its_end():
    estimate = {"value": 0.9, "low": 0.7, "high": 0.98, "n": 20, "metric": "accuracy"}
    held = Outcome(200, 200, 12.34, estimate, 0.95, 1597, True)
    assert held.sentences() == [
        "200 labels given, 200 in all, in 12.3 s",
        "honest estimate: 0.900 (95 % interval 0.700 to 0.980), from 20 random items no model learned from",
        "true accuracy:   0.950 on the 1,597 images nobody labelled",
        "the interval holds it",
    ]
    assert "misses" in replace(held, true_accuracy=0.99, held=False).sentences()[-1]
    assert "none" in replace(held, estimate=None, held=None).sentences()[1]


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
