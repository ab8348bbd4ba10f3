"""The commands and their options; what they do is imported when they run, so that `--help` is instant."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="asklearn",
    help="Label data with a model in the loop: it asks what is worth asking, and says how good it is.",
    epilog="--debug anywhere, or ASKLEARN_DEBUG=1, shows an error's traceback. Begin with: asklearn demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # drawing help with rich takes longer than everything else a command does at first
    context_settings={"help_option_names": ["-h", "--help"]},
)

Folder = Annotated[Path, typer.Argument(metavar="NAME", help="The project's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used, and say which.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="The same seed asks the same questions.")]
Text = Annotated[str | None, typer.Option(metavar="COL", help="The column that holds the texts.")]
Image = Annotated[str | None, typer.Option(metavar="COL", help="The column that holds the images' paths.")]
Features = Annotated[
    str | None, typer.Option(metavar="COLS", help="Columns of a table, with commas between.")
]
Id = Annotated[str | None, typer.Option("--id", metavar="COL", help="The column that names each row.")]
Model = Annotated[
    str, typer.Option(metavar="MODEL", help='Who predicts: "auto", a name, or "package.module:Class".')
]
Metric = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC",
        help="accuracy (the default), balanced_accuracy, macro_f1, average_precision, log_loss, a scorer of "
        "scikit-learn; of numbers mae, rmse or r2; of several labels accuracy, f1_micro or f1_macro; of spans f1.",
    ),
]
Known = Annotated[Path, typer.Argument(metavar="DATA", help="A file as for init, or a project's folder.")]
Truth = Annotated[
    str | None, typer.Option(metavar="COL", help="The column of true labels; a project has its own.")
]
Group = Annotated[
    str | None, typer.Option(metavar="COL", help="Rows alike in this column are never on both sides.")
]
Round = Annotated[int, typer.Option(min=1, metavar="N", help="Labels from one model to the next.")]
InAll = Annotated[int, typer.Option(min=1, metavar="N", help="Labels in all.")]
Seeds = Annotated[
    int, typer.Option(min=1, metavar="N", help="Repetitions, with seeds that count up from --seed.")
]
Jobs = Annotated[int | None, typer.Option(min=1, metavar="N", help="Processes; by default one a core.")]
Port = Annotated[
    int, typer.Option(min=0, max=65535, metavar="PORT", help="The port to listen at; 0 takes a free one.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"asklearn {version('asklearn')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _list(text: str | None) -> list[str] | None:
    """The parts between commas, or None when nothing was given."""
    return None if text is None else [part for part in (piece.strip() for piece in text.split(",")) if part]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to make for the project.")],
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="CSV, TSV, JSONL, Parquet, .npy, .npz, or a folder of images."),
    ],
    text: Text = None,
    image: Image = None,
    features: Features = None,
    id: Id = None,
    label: Annotated[
        str | None, typer.Option(metavar="COL", help="A column of known labels, kept aside for simulation.")
    ] = None,
    labels: Annotated[str | None, typer.Option(metavar="A,B,C", help="What may be answered.")] = None,
    task: Annotated[
        str, typer.Option(metavar="TASK", help="What an answer is: classes, multilabel, number or spans.")
    ] = "classes",
    range: Annotated[
        str | None,
        typer.Option(metavar="LOW,HIGH", help="The smallest and the largest number of the task number."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="What the numbers count, such as kg.")
    ] = None,
    model: Model = "auto",
    strategy: Annotated[
        str, typer.Option(metavar="STRATEGY", help="What is asked next: see `asklearn strategies`.")
    ] = "auto",
    audit: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of questions drawn at random, only to measure the model."),
    ] = 0.05,
    seed: Seed = 0,
    redundancy: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many people answer each item.")
    ] = 1,
    overlap: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of items that two people answer, once there are several."),
    ] = 0.1,
    gold: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Share of everybody's questions that are gold: see `asklearn gold`."
        ),
    ] = 0.05,
    relabel: Annotated[
        bool, typer.Option("--relabel", help="Ask again about a doubtful label, where that tells more.")
    ] = False,
    priority: Annotated[
        str | None, typer.Option(metavar="COL", help="A column of numbers: the highest is asked first.")
    ] = None,
    budget: Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after so many labels.")] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="Stop after so many minutes of people's time.")
    ] = None,
    price: Annotated[
        float | None, typer.Option(metavar="P", help="What an hour of people's time costs, in euros.")
    ] = None,
    money: Annotated[
        float | None, typer.Option(metavar="SUM", help="Stop when so much is spent, by --price.")
    ] = None,
    hard: Annotated[
        bool, typer.Option("--hard", help="Ask nothing beyond the budget, rather than advise.")
    ] = False,
    cost: Annotated[
        str | None,
        typer.Option(metavar="COL", help="A column that says what each item costs, for per_cost(...)."),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            help="Stop when the accuracy is surely this high; of numbers, the mean error this low.",
        ),
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Make a project out of a file.

    Reads DATA into the folder NAME, computes what models see of each row, and prints the next command.
    """
    from asklearn.cli.create import Wish, create
    from asklearn.cli.terminal import say

    said = create(
        folder,
        data,
        Wish(
            columns={"text": text, "image": image, "features": _list(features), "id": id, "label": label},
            labels=_list(labels),
            task=task,
            range=_list(range),
            unit=unit,
            model=model,
            strategy=strategy,
            audit=audit,
            seed=seed,
            redundancy=redundancy,
            overlap=overlap,
            gold=gold,
            relabel=relabel,
            priority=priority,
            budget=budget,
            minutes=minutes,
            money=money,
            hard=hard,
            price=price,
            cost=cost,
            target=target,
            skip_bad=skip_bad,
        ),
    )
    say(*said, "", f"Next: asklearn label {folder}")
    if label:
        say(f"  or: asklearn simulate {folder}")


@app.command()
def label(
    folder: Folder,
    port: Port = 0,
    open: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser at the first link.")] = True,
    annotator: Annotated[
        list[str] | None,
        typer.Option("--annotator", "--by", metavar="NAME", help="Who labels; a link is printed for each."),
    ] = None,
    terminal: Annotated[
        bool,
        typer.Option("--terminal", help="Ask here instead, by the same keys; lines are read from a pipe."),
    ] = False,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address to listen at, for people who were invited.")
    ] = "127.0.0.1",
    host_name: Annotated[
        list[str] | None,
        typer.Option("--host-name", metavar="NAME", help="A name by which others reach this machine."),
    ] = None,
    https: Annotated[bool, typer.Option("--https", help="A server in front of this one speaks TLS.")] = False,
) -> None:
    """Open the labelling page, until Ctrl+C.

    A model learns behind it. The page is served on 127.0.0.1 only, unless --host or --host-name open it to people who
    were invited. Each link that is printed here works once, within five minutes.
    """
    people = annotator or ["me"]
    if terminal and len(people) > 1:
        raise typer.BadParameter("one person labels in a terminal", param_hint="--annotator")
    # Choosing takes milliseconds; on busy cores a second BLAS thread makes that up to ten times as long.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if terminal:
        from asklearn.cli.labelling import label_here

        label_here(folder, by=people[0])
        return
    from asklearn.cli.page import label_page

    label_page(
        folder,
        port=port,
        open_browser=open,
        annotators=people,
        host=host,
        host_names=host_name or (),
        https=https,
    )


@app.command()
def people(
    folder: Folder,
    action: Annotated[
        str, typer.Argument(metavar="ACTION", help="list, invite, role, remove, token or withdraw.")
    ] = "list",
    who: Annotated[str, typer.Argument(metavar="WHO", help="Somebody's name, or a token's.")] = "",
    role: Annotated[
        str | None,
        typer.Argument(
            metavar="ROLE", help="owner, manager, reviewer, annotator or viewer: for invite, role."
        ),
    ] = None,
    rights: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="What a token may do: answer, read, labels, review, manage."),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option(metavar="N", help="How long an invitation (7) or a token (for good) is good."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The address in the link; by default that of the page being served."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say who may come in.

    list who is there; invite WHO [ROLE] prints a link that works once; role WHO ROLE changes what somebody is; remove
    WHO lets them in no more; token WHO prints a token for a script, once; withdraw WHO ends an invitation or a token.
    All of it counts at once, also while the page is served.
    """
    from asklearn.cli import people as door

    acts = {
        "list": lambda: door.show_people(folder, json=json),
        "invite": lambda: door.invite(folder, who, role=role, days=days, at=at, json=json),
        "role": lambda: door.change_role(folder, who, role=role),
        "remove": lambda: door.remove(folder, who),
        "token": lambda: door.make_token(folder, who, rights=_list(rights), days=days, json=json),
        "withdraw": lambda: door.withdraw(folder, who),
    }
    if action not in acts:
        raise typer.BadParameter(f"there is {', '.join(acts)}; given: {action}", param_hint="ACTION")
    if not who and action != "list":
        raise typer.BadParameter(f"say whom: asklearn people NAME {action} WHO", param_hint="WHO")
    acts[action]()


@app.command()
def status(folder: Folder, json: Json = False) -> None:
    """Say where a project stands.

    Labels, model, honest quality, whether to go on. Works while the page is open.
    """
    from asklearn.cli.overview import show_status

    show_status(folder, json=json)


@app.command()
def quality(folder: Folder, json: Json = False) -> None:
    """Say how people answer.

    How right and how fast each of them is, how far they agree, which answers are probably wrong. Works while the page
    is open.
    """
    from asklearn.cli.quality import show_quality

    show_quality(folder, json=json)


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; - is stdout.")],
    format: Annotated[
        str | None, typer.Option(metavar="jsonl|csv|parquet", help="By default as the suffix of OUT says.")
    ] = None,
    predict: Annotated[
        bool, typer.Option("--predict", help="Add the model's prediction and probability.")
    ] = False,
    raw: Annotated[
        bool,
        typer.Option("--raw", help="CSV: leave cells that a spreadsheet would run as a formula as they are."),
    ] = False,
) -> None:
    """Write every row with its label.

    In a CSV, a text that a spreadsheet would take for a formula gets a ' in front; `asklearn import` takes it
    away again.
    """
    from asklearn.cli.exporting import export_file

    export_file(folder, out, format=format, predict=predict, raw=raw)


@app.command("import")
def import_(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL or Parquet.")],
    id: Annotated[str, typer.Option("--id", metavar="COL", help="The column with the items' ids.")] = "id",
    label: Annotated[str, typer.Option(metavar="COL", help="The column with the labels.")] = "label",
    by: Annotated[str, typer.Option(metavar="NAME", help="Who gave these labels.")] = "import",
    raw: Annotated[bool, typer.Option("--raw", help="CSV: a leading ' is part of the text.")] = False,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Take in labels from a file.

    Only rows with a label count; predictions never do. All of them or none, unless --skip-bad. The same file
    again changes nothing. A model is trained on what is new.
    """
    from asklearn.cli.importing import import_file

    import_file(folder, file, id=id, label=label, by=by, raw=raw, skip_bad=skip_bad, json=json)


@app.command()
def gold(
    folder: Folder,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL or Parquet; none: how people do.")
    ] = None,
    id: Annotated[str, typer.Option("--id", metavar="COL", help="The column with the items' ids.")] = "id",
    label: Annotated[str, typer.Option(metavar="COL", help="The column with the right answers.")] = "label",
    drop: Annotated[bool, typer.Option("--drop", help="These items are gold no longer.")] = False,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Check people by items whose answer is known.

    Everybody is asked each gold item of FILE once, among other questions and not to be told from them. Without FILE,
    says how right everybody is on them. Items that nobody had labelled neither train nor measure a model.
    """
    from asklearn.cli.steering import gild_file

    gild_file(folder, file, id=id, label=label, drop=drop, skip_bad=skip_bad, json=json)


@app.command()
def assign(
    folder: Folder,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL or Parquet: who is asked what.")
    ] = None,
    id: Annotated[str, typer.Option("--id", metavar="COL", help="The column with the items' ids.")] = "id",
    to: Annotated[
        str, typer.Option(metavar="COL", help="The column with names, with commas between; empty: everybody.")
    ] = "to",
    share: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Deal out what is open by lot, evenly, among these.")
    ] = None,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Say who is asked what.

    Nobody but the people named for an item is asked it.
    """
    from asklearn.cli.steering import assign_file

    assign_file(folder, file, id=id, to=to, among=_list(share) or [], skip_bad=skip_bad, json=json)


@app.command()
def simulate(
    data: Known,
    label: Truth = None,
    text: Text = None,
    image: Image = None,
    features: Features = None,
    id: Id = None,
    strategy: Annotated[
        str, typer.Option(metavar="STRATEGY", help="What is asked: see `asklearn strategies`.")
    ] = "auto",
    model: Model = "auto",
    metric: Metric = None,
    batch: Round = 10,
    budget: InAll = 200,
    seed: Seed = 0,
    seeds: Seeds = 3,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep a record there, and go on from it after an interruption."),
    ] = None,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Try a strategy on data with known labels.

    Beside it stands asking at random. A part of the rows is held out to measure; the rest is asked as a
    person would be.
    """
    from asklearn.cli.rehearse import rehearse

    rehearse(
        data,
        columns={"text": text, "image": image, "features": _list(features), "id": id, "label": label},
        strategy=strategy,
        model=model,
        metric=metric,
        batch=batch,
        budget=budget,
        seeds=range(seed, seed + seeds),
        journal=journal,
        skip_bad=skip_bad,
        json=json,
    )


@app.command()
def compare(
    data: Known,
    label: Truth = None,
    text: Text = None,
    image: Image = None,
    features: Features = None,
    id: Id = None,
    strategies: Annotated[
        str, typer.Option(metavar="A,B,C", help="Names or expressions; random always runs beside them.")
    ] = "auto,margin",
    model: Model = "auto",
    metric: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Metrics as for simulate, with commas between; the first counts."),
    ] = None,
    group: Group = None,
    start: Annotated[int, typer.Option(min=0, metavar="N", help="Random labels to begin with.")] = 0,
    batch: Round = 10,
    budget: InAll = 200,
    seed: Seed = 0,
    seeds: Seeds = 20,
    jobs: Jobs = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Keep every run and a report there, and go on after an interruption."
        ),
    ] = None,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Find the best strategy for data with known labels.

    All of them meet the same splits, seed by seed. Says how far each is ahead of random, how surely, and after how
    many labels it is as good as 95 % of what all labels reach.
    """
    from asklearn.cli.comparing import contest

    contest(
        data,
        columns={"text": text, "image": image, "features": _list(features), "id": id, "label": label},
        group=group,
        strategies=strategies,
        model=model,
        start=start,
        batch=batch,
        budget=budget,
        metric=metric,
        seeds=range(seed, seed + seeds),
        jobs=jobs,
        out=out,
        skip_bad=skip_bad,
        json=json,
    )


@app.command()
def study(
    data: Known,
    label: Truth = None,
    text: Text = None,
    image: Image = None,
    features: Features = None,
    id: Id = None,
    strategies: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C", help="What is tried beside random; by default auto, margin and one that fits."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="Who predicts: as for init; hundreds of them are fitted.")
    ] = "logistic",
    metric: Annotated[
        str, typer.Option(metavar="METRIC", help="What counts: as for simulate.")
    ] = "balanced_accuracy",
    group: Group = None,
    budget: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Labels simulated; by default 200 to 500.")
    ] = None,
    price: Annotated[float, typer.Option(min=0, metavar="X", help="What one label costs.")] = 0.0,
    seed: Seed = 0,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with tables and pictures.")
    ] = None,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """Ask whether active learning will work.

    Simulates it on rows whose labels are known and answers yes, no or unclear, with reasons: labels saved against
    random ones, the luck of the draw, copies, doubtful labels, and how many more labels it takes to tell.
    """
    from asklearn.cli.studying import study

    study(
        data,
        columns={"text": text, "image": image, "features": _list(features), "id": id, "label": label},
        group=group,
        strategies=strategies,
        model=model,
        metric=metric,
        budget=budget,
        price=price,
        seed=seed,
        jobs=jobs,
        out=out,
        skip_bad=skip_bad,
        json=json,
    )


@app.command()
def demo(
    auto: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A simulated teammate gives N answers, then it ends."),
    ] = None,
    port: Port = 0,
    open: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open a browser; by default unless --auto is given."),
    ] = None,
    keep: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the demo lives; it is continued there.")
    ] = Path("asklearn-demo"),
    errors: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="How often the teammate errs.")
    ] = 0.0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Take the tour.

    Handwritten digits as images, the page, a model behind it. With --auto N nobody needs to be there: a
    teammate answers over HTTP as the page does. At the end stands the honest estimate, and beside it the true
    accuracy, which only a demo can know.
    """
    from asklearn.cli.demo import tour

    show = open if open is not None else auto is None
    tour(keep, auto=auto, port=port, open_browser=show, errors=errors, seed=seed, json=json)


@app.command()
def strategies(json: Json = False) -> None:
    """List the ways to choose what is asked next."""
    from asklearn.cli.overview import show_strategies

    show_strategies(json=json)


@app.command()
def doctor(folder: Folder, json: Json = False) -> None:
    """Check a project.

    Record, lock, pool, models, cache, space. Changes nothing. Exit code 1 when something is wrong.
    """
    from asklearn.cli.doctor import examine

    if not examine(folder, json=json):
        raise typer.Exit(1)


@app.command()
def backup(
    folder: Folder,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder to make; it is a project like NAME.")
    ],
) -> None:
    """Copy a project as it is at this moment.

    Also while the page is open. The copy holds everything but the cache, and has a secret of its own.
    """
    from asklearn.cli.doctor import copy

    copy(folder, out)


def tree() -> Sequence[tuple[str, Any]]:
    """(name, command) of every command, in order: what the reference of the command line is made from."""
    group: Any = typer.main.get_command(app)
    return [("asklearn", group), *((f"asklearn {name}", command) for name, command in group.commands.items())]
