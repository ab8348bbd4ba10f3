"""The command line on real files: what it makes, what it says, how it ends."""

from __future__ import annotations

import csv
import json
import os
import resource
import shlex
import signal
import struct
import subprocess
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asklearn.cli.demo import served
from asklearn.errors import SettingError
from asklearn.people.answers import Answer
from asklearn.project import Project

GOOD = ["sun", "spring", "joy", "honey", "music"]
BAD = ["mud", "fog", "noise", "rust", "queue"]


def reviews(n: int = 60) -> list[tuple[str, str, str]]:
    """(id, text, label) of texts that a linear model tells apart."""
    rows = []
    for i in range(n):
        words, label = (GOOD, "good") if i % 2 else (BAD, "bad")
        rows.append((f"r{i}", f"{words[i % 5]} and {words[i // 5 % 5]}, number {i}", label))
    return rows


def write(
    path: Path | str, rows: list[tuple[Any, ...]], header: tuple[str, ...] = ("id", "text", "label")
) -> Path:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return Path(path)


@pytest.fixture
def project(run) -> Path:
    """A project `t` of sixty texts, with the true labels kept aside."""
    write("reviews.csv", reviews())
    done = run("init", "t", "reviews.csv", "--text", "text", "--id", "id", "--label", "label")
    assert done.code == 0, done.err
    return Path("t")


def answer(folder: Path, n: int = 20, learn: bool = True) -> None:
    """Label n items truly, as a person would, and train."""
    truth = {id: label for id, _, label in reviews()}
    with Project.open(folder) as project:
        for question in project.ask(n):
            project.tell(Answer(item=question.item, label=truth[question.item], seconds=2.0))
        if learn:
            project.learn()


# -- init --


def test_init_says_what_it_did_and_what_is_next(run):
    write("reviews.csv", reviews())
    done = run("init", "t", "reviews.csv", "--text", "text", "--labels", "good,bad")
    assert done.code == 0
    assert "60 rows" in done.out
    assert "good, bad" in done.out
    assert "asklearn label t" in done.out
    assert done.err == ""
    assert {"journal.sqlite", "pool.sqlite", "project.toml", "secret"} <= {
        p.name for p in Path("t").iterdir()
    }
    assert Path("t/secret").stat().st_mode & 0o777 == 0o600
    assert 'name = "t"' in Path("t/project.toml").read_text()


def test_init_takes_the_classes_from_the_labels_kept_aside(project, run):
    status = run("status", project, "--json").json
    assert status["labels"] == ["bad", "good"]
    assert status["labelled"] == 0


def test_init_keeps_every_setting(run):
    write("reviews.csv", reviews())
    words = shlex.split(
        "--model auto --strategy margin --audit 0.2 --seed 7 --redundancy 2 --budget 30 --target 0.9"
    )
    assert run("init", "t", "reviews.csv", "--text", "text", "--labels", "good,bad", *words).code == 0
    with Project.open("t") as project:
        settings = project.settings
    assert (settings.strategy, settings.audit, settings.seed) == ("margin", 0.2, 7)
    assert (settings.redundancy, settings.budget) == (2, 30)
    assert settings.stop[0].startswith("target(value=0.9")


def test_init_refuses_a_folder_that_is_there(project, run):
    before = sorted(project.rglob("*"))
    done = run("init", "t", "reviews.csv", "--text", "text", "--labels", "a,b")
    assert done.code == 1
    assert "t exists already" in done.err
    assert "asklearn label t" in done.err
    assert sorted(project.rglob("*")) == before


def broken_quotes() -> None:
    rows = [f'{i},"text {i}",good' for i in range(5)] + ['5,"never closed,bad', "6,plain,bad"]
    Path("data.csv").write_text("\n".join(["id,text,label", *rows]) + "\n")


def equal_ids() -> None:
    write("data.csv", [("a", "one", "good"), ("b", "two", "bad"), ("a", "three", "bad")])


def unknown_column() -> None:
    write("data.csv", [("a", "one", "good")], header=("id", "txet", "label"))


def empty_file() -> None:
    Path("data.csv").write_text("")


def only_a_header() -> None:
    Path("data.csv").write_text("id,text,label\n")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (broken_quotes, ["line 7", "quote"]),
        (equal_ids, ["line 4", "line 2", "'a'"]),
        (unknown_column, ["'text'", "txet"]),
        (empty_file, ["data.csv", "empty"]),
        (only_a_header, ["data.csv"]),
        (lambda: None, ["data.csv"]),
    ],
    ids=["broken quotes", "equal ids", "unknown column", "empty file", "only a header", "no file"],
)
def test_init_names_the_place_of_bad_data_and_leaves_nothing(run, make, words):
    make()
    before = sorted(Path().iterdir())
    done = run("init", "t", "data.csv", "--text", "text", "--id", "id", "--labels", "good,bad")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("asklearn: ")
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err
    assert sorted(Path().iterdir()) == before


def test_init_leaves_bad_rows_out_when_told_to(run):
    broken_quotes()
    done = run("init", "t", "data.csv", "--text", "text", "--id", "id", "--labels", "good,bad", "--skip-bad")
    assert done.code == 0
    assert "6 rows" in done.out
    assert "line 7" in done.out


def test_init_needs_to_know_the_labels(run):
    write("reviews.csv", reviews())
    done = run("init", "t", "reviews.csv", "--text", "text")
    assert done.code == 1
    assert "--labels" in done.err
    assert not Path("t").exists()


def test_init_refuses_labels_that_the_given_ones_do_not_hold(run):
    write("reviews.csv", reviews())
    done = run("init", "t", "reviews.csv", "--text", "text", "--label", "label", "--labels", "good,awful")
    assert done.code == 1
    assert "'bad'" in done.err
    assert not Path("t").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--strategy", "magrin"], "magrin"),
        (["--model", "forrest"], "forrest"),
        (["--task", "boxen"], "boxen"),
        (["--audit", "1.5"], "audit"),
    ],
)
def test_init_names_a_setting_that_does_not_exist(run, words, named):
    write("reviews.csv", reviews())
    done = run("init", "t", "reviews.csv", "--text", "text", "--labels", "good,bad", *words)
    assert done.code == 1
    assert named in done.err
    assert not Path("t").exists()


def png(path: Path, width: int, height: int, pixels: bytes) -> None:
    """A grey PNG file that claims this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of eight small pictures, half of them dark."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(8):
        shades = rng.integers(0, 60, (9, 9)) + (180 if i % 2 else 0)
        png(folder / f"{i}.png", 9, 9, b"".join(b"\0" + bytes(row.tolist()) for row in shades))
    return folder


def test_init_of_a_folder_of_images(run, photos):
    done = run("init", "t", "photos", "--labels", "dark,light")
    assert done.code == 0, done.err
    assert "8 rows" in done.out


def test_init_names_a_file_that_is_no_image(run, photos):
    (photos / "letter.png").write_text("Dear Ann,")
    done = run("init", "t", "photos", "--labels", "dark,light")
    assert done.code == 1
    assert "letter.png" in done.err
    assert not Path("t").exists()


def test_init_does_not_open_a_png_that_claims_billions_of_pixels(run, photos):
    png(photos / "bomb.png", 50_000, 50_000, b"\0" * 1000)
    done = run("init", "t", "photos", "--labels", "dark,light")
    assert done.code == 1
    assert "bomb.png" in done.err
    assert "50,000" in done.err or "50000" in done.err


def small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))


def test_init_on_a_full_disk_leaves_nothing(run):
    write("reviews.csv", reviews(2000))
    before = sorted(Path().iterdir())
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "asklearn",
            "init",
            "t",
            "reviews.csv",
            "--text",
            "text",
            "--labels",
            "good,bad",
        ],
        capture_output=True,
        text=True,
        preexec_fn=small_files_only,
    )
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("asklearn: ")
    assert "Traceback" not in done.stderr
    assert sorted(Path().iterdir()) == before


# -- use, help, errors --


@pytest.mark.parametrize(
    "words", [["init"], ["nonsense"], ["status", "t", "--jsno"], ["demo", "--auto", "many"]]
)
def test_wrong_use_ends_with_2(run, words):
    done = run(*words)
    assert done.code == 2
    assert "Usage: asklearn" in done.err


def test_a_folder_that_is_no_project_is_named(run):
    Path("elsewhere").mkdir()
    for command in ("status", "label", "doctor"):
        done = run(command, "elsewhere")
        assert done.code == 1
        assert "elsewhere is no asklearn project" in done.err


def test_debug_shows_the_traceback(run, monkeypatch):
    from asklearn.cli import main

    with pytest.raises(SettingError):
        main(["status", "elsewhere", "--debug"])
    monkeypatch.setenv("ASKLEARN_DEBUG", "1")
    with pytest.raises(SettingError):
        main(["status", "elsewhere"])


def test_the_version(run):
    import asklearn

    assert run("--version").out.split() == ["asklearn", asklearn.__version__]


def test_the_program_itself_ends_as_main_says(tmp_path):
    """`asklearn` and `python -m asklearn` are the same."""
    for program in ([str(Path(sys.executable).with_name("asklearn"))], [sys.executable, "-m", "asklearn"]):
        done = subprocess.run([*program, "status", "t"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("asklearn: t is no asklearn project")
        done = subprocess.run([*program, "--help"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0
        assert "simulate" in done.stdout


# -- status, strategies --


def test_status_at_each_stage(project, run):
    first = run("status", project)
    assert first.code == 0
    assert "0 of 60 rows" in first.out
    assert "model: none yet" in first.out
    answer(project)
    done = run("status", project, "--json").json
    assert done["labelled"] == 20
    assert done["seconds"] == 40.0
    assert done["model"]["labels"] <= 20
    assert "20 of 60 rows" in run("status", project).out


def test_status_cannot_be_fooled_by_control_signs(run):
    write("data.csv", [("a", "one", "x"), ("b", "two", "y")])
    assert run("init", "t", "data.csv", "--text", "text", "--labels", "good\x1b[2J,bad").code == 0
    assert "\x1b" not in run("status", "t").out


def test_strategies_are_listed(run):
    from asklearn import strategies

    said, told = run("strategies").out, run("strategies", "--json").json
    for name in strategies.names():
        assert name in said
        assert name in told["name"]


# -- export and import --


def labels_of(folder: Path) -> dict[str, Any]:
    with Project.open(folder, writing=False) as project:
        table = project.labels()
    return dict(zip(table["item"], table["label"], strict=True))


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_round_trip_keeps_every_label(project, run, suffix):
    answer(project)
    assert run("export", project, f"out.{suffix}", "--predict").code == 0
    assert run("init", "u", "reviews.csv", "--text", "text", "--id", "id", "--labels", "bad,good").code == 0
    done = run("import", "u", f"out.{suffix}", "--json")
    assert done.code == 0, done.err
    assert done.json == {"imported": 20, "known": 0, "without_label": 40, "left_out": []}
    assert labels_of(Path("u")) == labels_of(project)
    assert run("import", "u", f"out.{suffix}", "--json").json["imported"] == 0
    with Project.open("u", writing=False) as again:
        assert sum(len(said) for said in again.state.history.values()) == 20


def test_export_has_every_row_with_label_or_prediction(project, run):
    answer(project)
    assert run("export", project, "out.jsonl", "--predict").code == 0
    rows = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [id for id, _, _ in reviews()]
    assert [row["text"] for row in rows] == [text for _, text, _ in reviews()]
    assert sum(row["label"] is not None for row in rows) == 20
    assert all(row["prediction"] in {"good", "bad"} and 0.5 <= row["probability"] <= 1 for row in rows)


def test_export_trains_the_model_that_nobody_waited_for(project, run):
    with Project.open(project) as found:
        found.tell(Answer(item=id, label=label) for id, _, label in reviews()[:6])
    assert run("export", project, "out.jsonl", "--predict").code == 0
    assert all(json.loads(line)["prediction"] for line in Path("out.jsonl").read_text("utf-8").splitlines())
    with Project.open(project, writing=False) as found:
        assert [model.labels for model in found.state.models] == [6]


def test_export_before_the_first_model_has_no_predictions(project, run):
    done = run("export", project, "out.csv", "--predict")
    assert done.code == 1
    assert "model" in done.err
    assert not Path("out.csv").exists()
    assert run("export", project, "out.parquet").code == 0


def test_export_to_stdout(project, run):
    done = run("export", project, "-")
    assert len(done.out.splitlines()) == 60
    assert json.loads(done.out.splitlines()[0])["id"] == "r0"
    assert run("export", project, "-", "--format", "parquet").code == 1


def test_export_disarms_formulas_and_import_arms_them_again(run):
    texts = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\tx", "'=y", "plain"]
    write("data.csv", [(f"i{i}", text) for i, text in enumerate(texts)], header=("=id", "text"))
    words = ["--text", "text", "--id", "=id", "--labels", "=a,+b"]
    assert run("init", "t", "data.csv", *words).code == 0
    with Project.open("t") as project:
        project.tell([Answer(item=item, label="=a") for item in project.pool.ids])
    assert run("export", "t", "safe.csv").code == 0
    assert run("export", "t", "raw.csv", "--raw").code == 0
    with Path("safe.csv").open(newline="") as file:
        safe = list(csv.DictReader(file))
    assert [row["text"] for row in safe] == [
        "'=1+1",
        "'+cmd|' /C calc'!A0",
        "-2",
        "'@SUM(A1)",
        "'\tx",
        "''=y",
        "plain",
    ]
    assert {row["label"] for row in safe} == {"'=a"}
    with Path("raw.csv").open(newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == texts
    for file, raw in (("safe.csv", []), ("raw.csv", ["--raw"])):
        folder = f"from-{file}"
        assert run("init", folder, "data.csv", *words).code == 0
        assert run("import", folder, file, *raw).code == 0
        assert set(labels_of(Path(folder)).values()) == {"=a"}


@pytest.mark.parametrize(
    ("out", "words"), [("out.txt", [".csv"]), ("nowhere/out.csv", ["nowhere"]), (".", [])]
)
def test_export_says_why_it_cannot_write(project, run, out, words):
    before = sorted(Path().iterdir())
    done = run("export", project, out)
    assert done.code == 1
    for word in words:
        assert word in done.err
    assert sorted(Path().iterdir()) == before


def test_export_leaves_the_old_file_until_the_new_one_is_complete(project, run):
    Path("out.csv").write_text("precious")
    assert run("export", project, "out.csv", "--predict").code == 1
    assert Path("out.csv").read_text() == "precious"
    assert run("export", project, "out.csv").code == 0
    assert Path("out.csv").read_text().startswith("id,text,label,confidence,answers\n")


def test_export_says_that_the_disk_is_full_and_leaves_devices_alone(project, run):
    done = run("export", project, "/dev/full", "--format", "csv")
    assert done.code == 1
    assert "/dev/full cannot be written: No space left on device" in done.err
    assert Path("/dev/full").is_char_device()
    assert run("export", project, "/dev/null", "--format", "jsonl").code == 0
    assert Path("/dev/null").is_char_device()


def test_export_through_a_link_keeps_the_link(project, run):
    Path("real.csv").write_text("old")
    Path("link.csv").symlink_to("real.csv")
    assert run("export", project, "link.csv").code == 0
    assert Path("link.csv").is_symlink()
    assert Path("real.csv").read_text().startswith("id,text,label,confidence,answers\n")


BAD_LABELS = [
    ("r0", "good"),
    ("r1", "goood"),
    ("zzz", "bad"),
    ("r0", "bad"),
    ("", "bad"),
    ("r2", ""),
    ("r3", "bad"),
]


def test_import_names_every_bad_row_and_takes_nothing(project, run):
    write("labels.csv", BAD_LABELS, header=("id", "label"))
    done = run("import", project, "labels.csv")
    assert done.code == 1
    assert "line 3: 'goood' is not a label of this task; did you mean 'good'?" in done.err
    assert "line 4: there is no item 'zzz'" in done.err
    assert "line 5: item 'r0' is 'bad' here and 'good' in line 2" in done.err
    assert "line 6: column 'id' is empty" in done.err
    assert labels_of(project) == {}


def test_import_takes_the_good_rows_when_told_to(project, run):
    write("labels.csv", BAD_LABELS, header=("id", "label"))
    done = run("import", project, "labels.csv", "--skip-bad", "--by", "ann", "--json")
    assert done.code == 0
    assert (done.json["imported"], done.json["without_label"]) == (2, 1)
    assert [bad["line"] for bad in done.json["left_out"]] == [3, 4, 5, 6]
    with Project.open(project, writing=False) as opened:
        assert opened.state.labelled() == {"r0": {"ann": "good"}, "r3": {"ann": "bad"}}


def test_import_of_a_corrected_file_corrects_and_back(project, run):
    for label, known in (("good", 0), ("bad", 0), ("good", 0), ("good", 1)):
        write("labels.csv", [("r0", label)], header=("id", "label"))
        assert run("import", project, "labels.csv", "--json").json["known"] == known
        assert labels_of(project) == {"r0": label}


def test_import_trains_a_model_as_soon_as_it_can(project, run):
    write("labels.csv", [("r0", "bad")], header=("id", "label"))
    assert "no model yet: two classes are needed" in run("import", project, "labels.csv").out
    write("labels.csv", [(id, label) for id, _, label in reviews()[:20]], header=("id", "label"))
    assert "a model was trained on 20 labels" in run("import", project, "labels.csv").out
    assert run("export", project, "out.csv", "--predict").code == 0


def test_import_by_other_names_of_columns(project, run):
    write("labels.tsv", [("r0", "good")], header=("item", "said"))
    Path("labels.tsv").write_text(Path("labels.tsv").read_text().replace(",", "\t"))
    assert run("import", project, "labels.tsv", "--id", "item", "--label", "said").code == 0
    assert labels_of(project) == {"r0": "good"}


def no_such_column() -> Path:
    return write("labels.csv", [("r0", "good")], header=("id", "lable"))


def not_json() -> Path:
    Path("labels.jsonl").write_text('{"id": "r0", "label": "good"}\n{"id": "r1", "label"\n')
    return Path("labels.jsonl")


def not_parquet() -> Path:
    Path("labels.parquet").write_text("PAR1 it is not")
    return Path("labels.parquet")


def strange_suffix() -> Path:
    Path("labels.xlsx").write_text("")
    return Path("labels.xlsx")


def nothing_at_all() -> Path:
    Path("labels.csv").write_text("")
    return Path("labels.csv")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_such_column, ["'label'", "'lable'"]),
        (not_json, ["line 2", "JSON"]),
        (not_parquet, ["labels.parquet"]),
        (strange_suffix, [".csv"]),
        (nothing_at_all, ["empty"]),
        (lambda: Path("labels.csv"), ["labels.csv", "cannot be read"]),
    ],
)
def test_import_of_a_bad_file_says_why(project, run, make, words):
    done = run("import", project, make())
    assert done.code == 1
    for word in words:
        assert word in done.err


# -- the page --


@contextmanager
def labelling(folder: Path, *words: str):
    """`asklearn label` as a program of its own, and its first line."""
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    page = subprocess.Popen(
        [sys.executable, "-m", "asklearn", "label", str(folder), "--no-open", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    try:
        assert page.stdout is not None
        yield page, page.stdout.readline().strip()
    finally:
        page.kill()
        page.communicate()


def test_only_one_server_and_no_writer_beside_it(project, run):
    with labelling(project) as (page, link):
        assert link.startswith("http://127.0.0.1:")
        again = run("label", project, "--no-open")
        assert again.code == 0
        assert "served already" in again.out
        assert link.partition("/enter")[0] in again.out
        with pytest.raises(SettingError, match="served already"), served(project, 0, open_browser=False):
            pass
        write("labels.csv", [("r0", "good")], header=("id", "label"))
        done = run("import", project, "labels.csv")
        assert done.code == 1
        assert f"pid {page.pid}" in done.err
        assert run("status", project, "--json").json["labelled"] == 0
        assert run("export", project, "out.csv").code == 0
        assert run("doctor", project).code == 0
        page.send_signal(signal.SIGINT)
        out, err = page.communicate(timeout=20)
        assert page.returncode == 0
        assert "saved" in out
        assert err == ""
    assert run("import", project, "labels.csv").code == 0


def test_a_link_for_each_annotator(project):
    with labelling(project, "--annotator", "ann", "--annotator", "bob") as (page, first):
        assert page.stdout is not None
        second = page.stdout.readline()
        assert first.startswith("ann: http://127.0.0.1:")
        assert second.startswith("bob: http://127.0.0.1:")


# -- simulate --


def test_simulate_a_file_beside_random(run):
    write("reviews.csv", reviews())
    words = shlex.split("--text text --id id --label label --strategy margin --budget 20 --seeds 2 --seed 3")
    done = run("simulate", "reviews.csv", *words, "--json")
    assert done.code == 0, done.err
    told = done.json
    assert list(told["strategies"]) == ["margin", "random"]
    for several in told["strategies"].values():
        assert [one["seed"] for one in several["runs"]] == [3, 4]
        assert all(one["labels"] == [10, 20] for one in several["runs"])
        assert several["final"]["mean"] == pytest.approx(
            np.mean([one["score"][-1] for one in several["runs"]])
        )
    again = run("simulate", "reviews.csv", *words, "--json").json
    assert [r["items"] for r in again["strategies"]["margin"]["runs"]] == [
        r["items"] for r in told["strategies"]["margin"]["runs"]
    ]


def test_simulate_a_project_and_go_on_from_its_journal(project, run):
    words = ["--strategy", "margin", "--budget", "20", "--seeds", "1", "--journal", "run.sqlite", "--json"]
    first = run("simulate", project, *words)
    assert first.code == 0, first.err
    assert Path("run.sqlite").is_file()
    second = run("simulate", project, *words)
    one, two = (done.json["strategies"]["margin"]["runs"][0] for done in (first, second))
    assert (one["items"], one["score"]) == (two["items"], two["score"])
    said = run("simulate", project, "--strategy", "random", "--budget", "10", "--seeds", "1").out
    assert "random: " in said
    assert "at 10 labels" in said


def test_simulate_needs_known_labels(project, run):
    done = run("simulate", "reviews.csv", "--text", "text")
    assert done.code == 1
    assert "--label" in done.err
    assert run("init", "u", "reviews.csv", "--text", "text", "--labels", "good,bad").code == 0
    done = run("simulate", "u")
    assert done.code == 1
    assert "--label" in done.err


# -- doctor and backup --


def problems(done) -> list[str]:
    return [finding["part"] for finding in done.json["findings"] if not finding["ok"]]


def test_a_sound_project(project, run):
    answer(project)
    done = run("doctor", project)
    assert done.code == 0, done.out
    assert "PROBLEM" not in done.out
    assert run("doctor", project, "--json").json["ok"] is True


def test_doctor_finds_what_is_wrong(project, run):
    answer(project)
    (project / "secret").chmod(0o644)
    for model in (project / "models").iterdir():
        body = bytearray(model.read_bytes())
        body[len(body) // 2] ^= 0xFF
        model.write_bytes(body)
    done = run("doctor", project, "--json")
    assert done.code == 1
    assert {"models", "secret"} == set(problems(done))


def test_doctor_finds_an_image_that_changed(run, photos):
    assert run("init", "t", "photos", "--labels", "dark,light").code == 0
    assert run("doctor", "t").code == 0
    (photos / "1.png").write_bytes((photos / "2.png").read_bytes())
    done = run("doctor", "t", "--json")
    assert problems(done) == ["pool"]
    assert "1.png has changed" in done.out


def test_doctor_finds_a_damaged_record(project, run):
    answer(project)
    journal = project / "journal.sqlite"
    body = bytearray(journal.read_bytes())
    body[4096:] = b"\xff" * (len(body) - 4096)
    journal.write_bytes(body)
    done = run("doctor", project, "--json")
    assert done.code == 1
    assert "record" in problems(done)


def test_doctor_finds_a_broken_set_up(project, run):
    toml = project / "project.toml"
    toml.write_text(toml.read_text().replace('strategy = "auto"', 'strategy = "luck"'))
    done = run("doctor", project, "--json")
    assert done.code == 1
    assert problems(done) == ["settings"]


def test_a_backup_is_the_same_project(project, run):
    answer(project)
    assert run("backup", project, "copy").code == 0
    assert labels_of(Path("copy")) == labels_of(project)
    assert run("doctor", "copy").code == 0
    assert not Path("copy/secret").exists()
    answer(Path("copy"), 5)
    assert len(labels_of(Path("copy"))) == 25
    done = run("backup", project, "copy")
    assert done.code == 1
    assert "exists already" in done.err
