"""Comparison: the same splits and first items for all, the same result however it is spread."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas
import pyarrow
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from asklearn import compare, simulate
from asklearn.errors import AskLearnError, DataError, SettingError
from asklearn.study import kept
from asklearn.study.compare import Comparison, grid, on_grid
from asklearn.study.told import words


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def model():
    return LogisticRegression(max_iter=1000)


@pytest.fixture(scope="module")
def found(digits):
    return compare(
        *digits, ["margin", "entropy"], seeds=3, model=model(), budget=40, metric=["accuracy", "log_loss"]
    )


def test_random_always_runs_beside_them(found):
    assert found.strategies == ("margin", "entropy", "random")
    assert found.labels.tolist() == [10, 20, 30, 40]
    assert found.scores["accuracy"].shape == (3, 3, 4)
    assert found.full["log_loss"].shape == (3,)


def test_a_run_of_a_comparison_is_the_simulation_of_that_seed(digits, found):
    alone = simulate(*digits, "margin", model(), budget=40, seed=2)
    assert alone.items == found.curves["margin"][2].items
    assert alone.score.tolist() == found.of("margin")[2].tolist()


def test_strategies_of_one_seed_begin_alike_and_random_does_not_cover(digits, found):
    first = [found.curves[name][0].items[:10] for name in found.strategies]
    assert first[0] == first[1] != first[2]
    begun = compare(*digits, ["margin"], seeds=2, model=model(), start=12, budget=20)
    first = [[curve.items[:12] for curve in begun.curves[name]] for name in begun.strategies]
    assert first[0] == first[1]
    assert first[0][0] != first[0][1]


@pytest.mark.slow
def test_the_result_is_the_same_for_any_number_of_processes(digits, found):
    setup = {"model": model(), "budget": 40, "metric": ["accuracy", "log_loss"]}
    spread = compare(*digits, ["entropy"], seeds=[2, 0], **setup, jobs=2)
    for metric in ("accuracy", "log_loss"):
        assert (spread.of("entropy", metric) == found.of("entropy", metric)[[2, 0]]).all()
        assert (spread.full[metric] == found.full[metric][[2, 0]]).all()


def test_progress_counts_every_run(digits):
    seen = []
    compare(
        *digits, ["margin"], seeds=2, model=GaussianNB(), budget=10, progress=lambda *done: seen.append(done)
    )
    assert seen == [(i, 6) for i in range(1, 7)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"seeds": 0}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"jobs": 0}, "jobs"),
        ({"metric": ["rmse", "accuracy"]}, "accuracy measures other answers"),
        ({"metric": "acuracy"}, "no metric 'acuracy'"),
        ({"metric": ["accuracy", "accuracy"]}, "twice"),
        ({"strategies": ["margin", "margin"]}, "'margin' is named twice"),
        ({"strategies": "margin"}, "is a list"),
        ({"strategies": ["nothing"]}, "nothing"),
        ({"test": 1.5}, "share"),
        ({"groups": [1, 2]}, "groups has 2"),
        ({"model": "nothing"}, "nothing"),
        ({"start": -1}, "start"),
    ],
)
def test_senseless_settings_are_refused(digits, wrong, said):
    with pytest.raises(SettingError, match=said):
        compare(*digits, **{"strategies": ["margin"], "seeds": 1} | wrong)


def test_what_cannot_be_sent_to_a_process_says_so(digits):
    odd = {"mine": lambda proba: proba.max(axis=1)}
    with pytest.raises(SettingError, match="jobs=1"):
        compare(*digits, odd, seeds=2, model=GaussianNB(), budget=10, jobs=2)


def test_measured_numbers_have_metrics_and_strategies_of_their_own(digits):
    numbers = digits[0][:, 2] / 3
    with pytest.raises(SettingError, match="choose mae, r2, rmse"):
        compare(digits[0], numbers, ["lcmd"], seeds=1)
    with pytest.raises(SettingError, match="margin needs proba"):
        compare(digits[0], numbers, ["margin"], seeds=1, metric="mae")


@pytest.mark.parametrize(("label", "said"), [(np.nan, "row 3 is nan"), (None, "NoneType")])
def test_rows_without_a_label_are_refused(digits, label, said):
    y = digits[1].astype(float if label is not None else object)
    y[3] = label
    with pytest.raises(SettingError, match=said):
        compare(digits[0], y, ["margin"], seeds=1)


def test_runs_that_measured_elsewhere_share_a_grid():
    labels = grid([np.array([10, 20]), np.array([8, 16, 24])])
    assert labels.tolist() == [10, 16, 20, 24]
    assert on_grid(labels, np.array([8, 16, 24]), np.array([1, 2, 3])).tolist() == [1, 2, 2, 3]


# -- judged -----------------------------------------------------------------------------------------------------


def made(heights, full=0.9, metric="accuracy", labels=(10, 20, 30)):
    """A comparison whose curves are flat, at (strategies, seeds) heights; random comes last."""
    heights = np.array(heights, dtype=float)
    names = (*"abcdefg"[: len(heights) - 1], "random")
    scores = np.repeat(heights[:, :, None], len(labels), axis=2)
    seeds = heights.shape[1]
    return Comparison(
        strategies=names,
        seeds=tuple(range(seeds)),
        labels=np.array(labels),
        scores={metric: scores},
        full={metric: np.full(seeds, full)},
        curves={name: [] for name in names},
        metric=metric,
    )


def test_the_table_is_sorted_and_judged_against_random():
    table = made([[0.7, 0.72, 0.74], [0.8, 0.83, 0.86], [0.6, 0.72, 0.743]]).table()
    assert table["strategy"] == ["b", "a", "random"]
    assert table["score"] == pytest.approx([0.83, 0.72, np.mean([0.6, 0.72, 0.743])])
    assert (table["wins"], table["ties"], table["losses"]) == ([3, 1, 0], [0, 2, 3], [0, 0, 0])
    assert table["area"][2] == 0
    assert table["p"][0] == 0.25
    assert table["p"][2] == 1
    assert all(table["low"][i] <= table["score"][i] <= table["high"][i] for i in range(3))


def test_of_a_loss_the_least_is_best():
    found = made([[0.3, 0.4], [0.5, 0.6], [0.8, 0.9]], full=0.2, metric="log_loss")
    table = found.table()
    assert table["strategy"] == ["a", "b", "random"]
    assert table["wins"] == [2, 2, 0]
    assert table["area"][0] > table["area"][1] > table["area"][2] == 0
    assert found.ranks()["rank"] == [1, 2, 3]


def test_one_seed_has_no_interval_and_says_so():
    found = made([[0.8], [0.7]])
    table = found.table()
    assert (table["low"], table["area_high"]) == ([None, None], [None, None])
    assert "So few seeds prove nothing: run 6 or more" in words(found)[0]


def test_what_is_no_better_than_random_is_said_so():
    rng = np.random.default_rng(0)
    heights = 0.7 + rng.normal(0, 0.02, (2, 20))
    assert words(made(heights))[0].startswith("No strategy was reliably better than random")
    heights[0] = heights[1] + 0.05
    assert "better on 20 of 20 seeds" in words(made(heights))[0]


def test_where_random_is_as_good_as_all_labels_there_is_no_area():
    assert made([[0.9, 0.9], [0.9, 0.9]]).table()["area"] == [None, None]


def test_labels_to_a_share_are_those_of_the_curves(found):
    reached = found.labels_to(0.8)
    for i, name in enumerate(reached["strategy"]):
        mean, goal = found.of(name).mean(axis=0), 0.8 * found.full["accuracy"].mean()
        if reached["labels"][i] is None:
            assert (mean < goal).all()
        else:
            assert np.interp(reached["labels"][i], found.labels, mean) >= goal - 1e-9
            assert reached["low"][i] is None  # three seeds
    assert found.labels_to(1.0)["labels"] == [None] * 3
    with pytest.raises(SettingError, match="share"):
        found.labels_to(95)


def test_tables_are_taken_by_data_frames(found):
    for table in (found.table(), found.ranks(), found.labels_to(), found.table("log_loss")):
        assert len(pandas.DataFrame(table)) == 3
        assert pyarrow.table(table).num_rows == 3


def test_what_was_not_measured_is_refused(found):
    with pytest.raises(SettingError, match="accuracy, log_loss"):
        found.table("macro_f1")
    with pytest.raises(SettingError, match="margin, entropy, random"):
        found.of("badge")


# -- kept -------------------------------------------------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("kind", ["parquet", "json"])
def test_an_interrupted_comparison_goes_on_where_it_was(digits, found, tmp_path, monkeypatch, kind):
    if kind == "json":
        monkeypatch.setattr(kept, "find_spec", lambda name: None)  # as without pyarrow
    setup = {"seeds": 3, "model": model(), "budget": 40, "metric": ["accuracy", "log_loss"]}

    def stop(done, total):
        if done == 7:
            raise Interrupted

    with pytest.raises(Interrupted):
        compare(*digits, ["margin", "entropy"], **setup, folder=tmp_path, progress=stop)
    assert len(list((tmp_path / "runs").glob(f"*.{kind}"))) == 7
    seen = []
    again = compare(
        *digits, ["margin", "entropy"], **setup, folder=tmp_path, progress=lambda *done: seen.append(done)
    )
    assert seen == [(i, 12) for i in range(8, 13)]
    for there in (again, Comparison.open(tmp_path)):
        assert there.strategies == found.strategies
        for metric in ("accuracy", "log_loss"):
            assert (there.scores[metric] == found.scores[metric]).all()
            assert (there.full[metric] == found.full[metric]).all()
        assert there.curves["margin"][1].items == found.curves["margin"][1].items


@pytest.fixture(scope="module")
def folder(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    compare(*digits, ["margin"], seeds=2, model=GaussianNB(), budget=20, folder=folder)
    return folder


def test_more_seeds_and_strategies_join_what_is_there(digits, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "more")
    seen = []
    compare(
        *digits,
        ["entropy"],
        seeds=3,
        model=GaussianNB(),
        budget=20,
        folder=tmp_path / "more",
        progress=lambda *done: seen.append(done),
    )
    assert len(seen) == 3 + 2  # entropy three times, random and all rows with the new seed
    with pytest.raises(DataError, match="lacks the run of margin with seed 2"):
        Comparison.open(tmp_path / "more")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"budget": 30}, "budget"),
        ({"model": GaussianNB(var_smoothing=1e-3)}, "model"),
        ({"metric": "log_loss"}, "metrics"),
        ({"test": 0.5}, "test"),
        ({"strategies": {"margin": "entropy"}}, "stands for margin"),
    ],
)
def test_runs_made_otherwise_are_not_mixed(digits, folder, other, said):
    setup = {"strategies": ["margin"], "seeds": 2, "model": GaussianNB(), "budget": 20, "folder": folder}
    with pytest.raises(SettingError, match=said):
        compare(*digits, **setup | other)


def test_other_data_are_not_mixed(digits, folder):
    with pytest.raises(SettingError, match="data"):
        compare(digits[0] + 1, digits[1], ["margin"], seeds=2, model=GaussianNB(), budget=20, folder=folder)


def test_a_damaged_run_is_named(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "damaged")
    [file] = (tmp_path / "damaged" / "runs").glob("margin-*-1.parquet")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match=file.name):
        Comparison.open(tmp_path / "damaged")
    with pytest.raises(DataError, match="holds no comparison"):
        Comparison.open(tmp_path)


def test_the_folder_says_how_to_make_it_again(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["model"] == {
        "class": "sklearn.naive_bayes.GaussianNB",
        "params": {"priors": "None", "var_smoothing": "1e-09"},
    }
    assert config["strategies"] == {"margin": "margin", "random": "random"}
    assert set(config["versions"]) == {"asklearn", "numpy", "scikit-learn", "scipy"}


def test_all_runs_read_as_one_table(folder):
    runs = pandas.read_parquet(folder / "runs")
    assert list(runs.columns) == ["strategy", "seed", "labels", "accuracy", "items"]
    there = Comparison.open(folder)
    means = runs.groupby(["strategy", "labels"])["accuracy"].mean()
    for name in there.strategies:
        assert means[name].tolist() == pytest.approx(there.of(name).mean(axis=0).tolist())
    full = runs[runs["strategy"] == "(all rows)"].sort_values("seed")
    assert full["accuracy"].tolist() == there.full["accuracy"].tolist()
    first = runs[(runs["strategy"] == "margin") & (runs["seed"] == 1)]
    assert [item for asked in first["items"] for item in asked] == there.curves["margin"][1].items


# -- slow -------------------------------------------------------------------------------------------------------


def deadly(proba, n, rng):
    """A strategy that ends its process."""
    os._exit(1)


@pytest.mark.slow
def test_a_process_that_dies_is_an_error_not_a_wait(digits):
    with pytest.raises(AskLearnError, match="a process ended"):
        compare(*digits, {"deadly": deadly}, seeds=2, model=GaussianNB(), budget=20, jobs=2)


@pytest.mark.slow
def test_an_error_in_a_process_is_the_error_here(digits):
    with pytest.raises(NotFittedError):
        compare(*digits, ["margin"], seeds=2, model=Unfitted(), budget=20, jobs=2)


class Unfitted(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        return self


CHILD = """
    import sys
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from asklearn import compare
    if __name__ == "__main__":
        X, y = load_digits(return_X_y=True)
        compare(X[:600] / 16, y[:600], ["margin", "entropy"], 3, LogisticRegression(max_iter=1000), budget=40,
                metric=["accuracy", "log_loss"], jobs=2, folder=sys.argv[1],
                progress=lambda done, total: print(done, flush=True))
"""


@pytest.mark.slow
def test_killed_in_the_middle_and_taken_up_again(digits, found, tmp_path):
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "kept")],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        child.stdout.readline()
        os.killpg(child.pid, signal.SIGKILL)  # its workers too
        child.wait()
        child.stdout.close()
    subprocess.run([sys.executable, str(script), str(tmp_path / "kept")], check=True, capture_output=True)
    whole = Comparison.open(tmp_path / "kept")
    for metric in ("accuracy", "log_loss"):
        assert (whole.scores[metric] == found.scores[metric]).all()
        assert (whole.full[metric] == found.full[metric]).all()
    assert not list((tmp_path / "kept" / "runs").glob("*.x"))


@pytest.mark.slow
def test_an_interruption_ends_the_processes_too(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    child = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "kept")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    child.stdout.readline()
    os.killpg(child.pid, signal.SIGINT)  # as Ctrl+C in a terminal: the workers get it too
    _, said = child.communicate(timeout=30)  # ends when the last of them has let go of stderr
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
