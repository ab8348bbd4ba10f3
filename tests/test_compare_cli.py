"""`asklearn compare`: a file in, sentences and a page out."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from asklearn.study.compare import Comparison


def sheet(path: str, rows: int = 90) -> None:
    rng = np.random.default_rng(0)
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["width", "height", "ward", "kind"])
        for i in range(rows):
            kind = i % 2
            writer.writerow(
                [f"{rng.normal() + kind:.3f}", f"{rng.normal() - kind:.3f}", f"w{i // 9}", "ab"[kind]]
            )


WORDS = ["--features", "width,height", "--label", "kind", "--strategies", "margin, mix(margin, share=0.2)"]
WORDS += ["--budget", "20", "--model", "logistic", "--jobs", "1"]


def test_a_file_is_compared_kept_and_reported(run):
    sheet("boxes.csv")
    done = run(
        "compare", "boxes.csv", *WORDS, "--seeds", "3", "--metric", "accuracy,log_loss", "--out", "tried"
    )
    assert done.code == 0, done.err
    assert "tried/report.html" in done.err
    for said in (
        "mix(margin, share=0.2)",
        "random",
        "to 95%",
        "log_loss on held-out rows of 90, 3 seeds",
    ):
        assert said in done.out
    page = Path("tried/report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "mix(margin, share=0.2)" in page
    assert Comparison.open("tried").seeds == (0, 1, 2)
    again = run(
        "compare", "boxes.csv", *WORDS, "--seeds", "3", "--metric", "accuracy,log_loss", "--out", "tried"
    )
    assert again.out == done.out
    other = run("compare", "boxes.csv", *WORDS, "--seeds", "3", "--out", "tried")
    assert other.code == 1
    assert "metrics" in other.err


def test_json_holds_the_tables_and_the_sentences(run):
    sheet("boxes.csv")
    done = run("compare", "boxes.csv", *WORDS, "--seeds", "1", "--seed", "4", "--json", "--group", "ward")
    assert done.code == 0, done.err
    told = done.json
    assert told["strategies"] == ["margin", "mix(margin, share=0.2)", "random"]
    assert told["seeds"] == [4]
    assert told["labels"] == [10, 20]
    found = told["metrics"]["accuracy"]
    assert sorted(found["table"]["strategy"]) == sorted(told["strategies"])
    assert set(found["labels_to"]) == {"0.9", "0.95", "0.99"}
    assert found["table"]["low"] == [None] * 3
    assert "prove nothing" in found["words"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--strategies", " , "], "names nothing"),
        (["--strategies", "nothing"], "nothing"),
        (["--metric", "rmse"], "is no number"),
        (["--group", "street"], "street"),
    ],
)
def test_wrong_use_is_a_sentence(run, words, said):
    sheet("boxes.csv")
    done = run(
        "compare", "boxes.csv", "--features", "width,height", "--label", "kind", "--seeds", "1", *words
    )
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err


def test_labels_are_needed(run):
    sheet("boxes.csv")
    done = run("compare", "boxes.csv", "--features", "width,height")
    assert done.code == 1
    assert "--label" in done.err
