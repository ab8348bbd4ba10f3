"""Many annotators: agreement and consensus beside their peers, and what a second opinion is worth.

    python -m benchmarks crowd [FOLDER] [--only exact,speed,crowds,relabel] [--seeds 5] [--here]

FOLDER (or ASKLEARN_DATA, or ../shared/data) holds crowd/*.parquet and tabular/*.parquet; without it, nothing real is
measured but scikit-learn's digits. The peers (crowd-kit, cleanlab, krippendorff, statsmodels) live in an environment
of their own, build/crowd, made when it is not there; the whole benchmark runs in it, with our package from src.

    exact     the largest difference to the peers on tables drawn at random
    speed     a million answers: alpha, and 20 iterations of Dawid and Skene, with the largest difference
    crowds    accuracy and log loss of each method on real crowds
    relabel   the accuracy of a model after so many answers of ten people, each wrong in 20 %, two of them at random;
              again or new against ActiveLab's published rule, the model's uncertainty, and chance
    project   the same through a project with `relabel` and one without, beside the rules of `relabel`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import venv
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from asklearn.people import agreement as ours
from asklearn.people.assisted import assisted
from asklearn.people.consensus import METHODS, fit, likeliest
from asklearn.people.crowdlab import crowdlab
from asklearn.people.dawid_skene import dawid_skene
from asklearn.people.relabel import activelab, again_or_new
from asklearn.people.tally import tempered
from asklearn.people.votes import Votes, votes

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "crowd"
PEERS = (
    "crowd-kit==1.4.2",
    "cleanlab==2.9.0",
    "krippendorff",
    "statsmodels",
    "scikit-learn",
    "pandas",
    "pyarrow",
)
SETS = ("bluebirds", "rte_snow", "sentiment_polarity", "sentiment_timed")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", default=os.environ.get("ASKLEARN_DATA", "../shared/data"))
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas")
    parser.add_argument("--seeds", type=int, default=5, help="of the parts that draw")
    parser.add_argument("--here", action="store_true", help="in this environment, without making another")
    asked = parser.parse_args()
    if not asked.here:
        return subprocess.run(
            [python(), "-m", "benchmarks.crowd", *sys.argv[1:], "--here"], cwd=ROOT, env=environment()
        ).returncode
    for name in asked.only.split(","):
        print(f"\n{name}", flush=True)
        PARTS[name](Path(asked.folder), asked.seeds)
    return 0


def python() -> Path:
    """The interpreter of the peers' environment, made when it is not there."""
    found = PLACE / "bin" / "python"
    if not found.exists():
        venv.create(PLACE, with_pip=True)
        subprocess.run([found, "-m", "pip", "install", "-q", *PEERS], check=True)
    return found


def environment() -> dict[str, str]:
    """What a program in the peers' environment needs to find ours."""
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path}


# -- made-up crowds -------------------------------------------------------------------------------------------------


def made(rng: np.random.Generator, items: int, people: int, each: int, labels: int) -> Votes:
    """Answers of people who are right in 50 to 95 %."""
    right = rng.uniform(0.5, 0.95, people)
    truth = rng.integers(labels, size=items)
    # Neighbours of a random start on a circle of people: distinct, without drawing items x people numbers.
    who = ((rng.integers(people, size=items)[:, None] + np.arange(each) * (people // each)) % people).ravel()
    item = np.repeat(np.arange(items), each)
    said = np.where(rng.random(len(item)) < right[who], truth[item], rng.integers(labels, size=len(item)))
    return Votes(list(range(items)), list(range(people)), list(range(labels)), item, who, said)


def frame(known: Votes) -> Any:
    """As crowd-kit takes it, numbered as they come: its MACE mixes annotators up where they come in another order."""
    import pandas as pd

    worker, label = pd.factorize(known.annotator)[0], pd.factorize(known.label)[0]
    return pd.DataFrame({"task": known.item, "worker": worker, "label": label})


def back(known: Votes, proba: Any) -> np.ndarray:
    """(items, labels) chances in our order from crowd-kit's table of items by labels."""
    import pandas as pd

    order = np.argsort(pd.factorize(known.label)[1])
    return np.asarray(proba.sort_index().reindex(columns=range(len(order))).fillna(0).to_numpy()[:, order])


def wide(known: Votes) -> np.ndarray:
    """(annotators, items) float, NaN where nobody answered."""
    found = np.full((len(known.annotators), len(known.items)), np.nan)
    found[known.annotator, known.item] = known.label
    return found


def seconds(f: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The best of some times, and the result."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        found = f()
        best = min(best, time.perf_counter() - began)
    return best, found


# -- the parts ------------------------------------------------------------------------------------------------------


def exact(folder: Path, seeds: int) -> None:
    """Each figure beside an independent package's."""
    import cleanlab.multiannotator as theirs
    import krippendorff
    from cleanlab.internal.multiannotator_utils import find_best_temp_scaler
    from crowdkit.aggregation import GLAD, MACE, DawidSkene
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import fleiss_kappa

    worst: dict[str, float] = {}

    def note(name: str, one: Any, other: Any) -> None:
        worst[name] = max(worst.get(name, 0.0), float(np.abs(np.asarray(one) - np.asarray(other)).max()))

    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        known = made(rng, 300, 12, int(rng.integers(2, 6)), int(rng.integers(2, 6)))
        part = known.take(rng.random(len(known)) < 0.8)
        for level, name in (("nominal", ""), ("ordinal", ":ordinal"), ("interval", ":interval")):
            value = ours.agreement(part, "krippendorff" + name, resamples=2).value
            note(
                f"alpha, {level} (krippendorff)",
                value,
                krippendorff.alpha(wide(part), level_of_measurement=level),
            )
        value = ours.agreement(known, "fleiss", resamples=2).value
        note("Fleiss' kappa (statsmodels)", value, fleiss_kappa(known.counts().astype(int)))
        for _, _, one, other in ours.pairs(known):
            if len({*one, *other}) > 1 and len(one) > 5:
                value = float(ours.cohen(ours.met(one, other, len(known.labels)), np.ones(len(one))))
                note("Cohen's kappa (scikit-learn)", value, cohen_kappa_score(one, other))
        data = frame(known)
        peer = DawidSkene(n_iter=20, tol=-1).fit(data)
        found = dawid_skene(known, strength=0, rounds=20, tol=-1)
        note("Dawid-Skene, 20 iterations (crowd-kit)", found.proba, back(known, peer.probas_))
        for name, peers, method in (
            ("GLAD", GLAD(n_iter=100, tol=1e-9, m_step_max_iter=200, m_step_tol=1e-6), "glad"),
            ("MACE", MACE(n_iter=200), "mace"),
        ):
            there = back(known, peers.fit_predict_proba(data))
            mine = METHODS[method](known).proba
            note(f"{name}, chances (crowd-kit)", mine, there)
            note(f"{name}, share of other labels", np.mean(mine.argmax(axis=1) != there.argmax(axis=1)), 0)
        model = rng.dirichlet(np.ones(len(known.labels)), 300) * 0.5 + 0.5 * tempered(
            known.counts() + 0.5, 1.0
        )
        table = wide(known).T
        full = theirs.get_label_quality_multiannotator(table, model, verbose=False, return_weights=True)
        weighed = crowdlab(known, model)
        note("CROWDLAB, weights (cleanlab)", weighed.people, full["annotator_weight"])
        note("CROWDLAB, weight of the model (cleanlab)", weighed.model, full["model_weight"])
        quality = weighed.proba[np.arange(300), weighed.label]
        note("CROWDLAB, quality (cleanlab)", quality, full["label_quality"]["consensus_quality_score"])
        several, _ = theirs.get_active_learning_scores(table, model)
        cooled = tempered(model, find_best_temp_scaler(table, model))
        note("ActiveLab, score (cleanlab)", activelab(known, cooled), 1 - several)
    for name, difference in worst.items():
        print(f"  {name:<45}{difference:.1e}")


def speed(folder: Path, seeds: int) -> None:
    """A million answers: of 200 people to 200,000 items with 5 labels, and of 1000 people with 4."""
    import krippendorff
    from crowdkit.aggregation import DawidSkene

    known = made(np.random.default_rng(0), 200_000, 200, 5, 5)
    table = wide(known)  # annotators x items, as the peer takes answers
    for level, name in (("nominal", ""), ("ordinal", ":ordinal"), ("interval", ":interval")):
        measure = "krippendorff" + name
        mine, value = seconds(
            lambda m=measure: ours.MEASURES[m](rows := ours.seen(known, m), np.ones(len(rows)))
        )
        there, other = seconds(lambda at=level: krippendorff.alpha(table, level_of_measurement=at), 1)
        print(
            f"  alpha, {level:<9} {mine:8.4f} s   krippendorff {there:7.2f} s   {there / mine:6.0f} x"
            f"   {abs(value - other):.0e}"
        )
    known = made(np.random.default_rng(0), 200_000, 1000, 5, 4)
    mine, _ = seconds(lambda: ours.agreement(known), 1)
    print(f"  alpha with its interval of 1000 resamples {mine:.2f} s")
    mine, found = seconds(lambda: dawid_skene(known, strength=0, rounds=20, tol=-1))
    data = frame(known)
    there, peer = seconds(lambda: DawidSkene(n_iter=20, tol=-1).fit(data), 1)
    worst = np.abs(found.proba - back(known, peer.probas_)).max()
    print(
        f"  Dawid-Skene, 20   {mine:8.2f} s   crowd-kit    {there:7.2f} s   {there / mine:6.1f} x   {worst:.0e}"
    )
    numbers = {"item": known.item, "annotator": known.annotator, "label": known.label}
    print(f"  a table of numbers read in {seconds(lambda: votes(numbers))[0]:.2f} s", end="")
    words = {name: [f"{name} {cell}" for cell in cells] for name, cells in numbers.items()}
    print(f", of texts in {seconds(lambda: votes(words), 1)[0]:.2f} s")


def crowds(folder: Path, seeds: int) -> None:
    """Real crowds: every method, ours and crowd-kit's."""
    from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote

    theirs = {
        "majority": MajorityVote(),
        "dawid_skene": DawidSkene(n_iter=100),
        "glad": GLAD(),
        "mace": MACE(),
    }
    for name in SETS:
        found = real(folder, name)
        if found is None:
            continue
        known, truth = found
        data = frame(known)
        print(f"  {name}: {len(known)} answers, {len(known.items)} items, {len(known.annotators)} annotators")
        for method in ("auto", *METHODS):
            rng = np.random.default_rng(0)
            took, fitted = seconds(partial(fit, known, method, rng), 1)
            line = told(fitted.proba, truth, seeds)
            if method in theirs:
                there, peer = seconds(partial(theirs[method].fit_predict_proba, data), 1)
                peer = back(known, peer)
                line += f" {took:6.2f} s     crowd-kit {told(peer, truth, seeds)} {there:6.2f} s"
            print(f"    {method:<12} {line}", flush=True)


def told(proba: np.ndarray, truth: np.ndarray, seeds: int) -> str:
    right = np.mean([np.mean(likeliest(proba, np.random.default_rng(s)) == truth) for s in range(seeds)])
    loss = -np.log(np.maximum(proba[np.arange(len(truth)), truth], 1e-6)).mean()
    return f"accuracy {right:.4f}, log loss {loss:.3f}"


def real(folder: Path, name: str) -> tuple[Votes, np.ndarray] | None:
    """Answers of a real crowd and the true labels' numbers."""
    import pandas as pd

    if not (folder / "crowd").is_dir():
        print(f"  there is no {folder / 'crowd'}")
        return None
    answers = pd.read_parquet(folder / "crowd" / f"{name}.answers.parquet")
    truth = pd.read_parquet(folder / "crowd" / f"{name}.truth.parquet").set_index("task")["truth"]
    known = votes(answers.rename(columns={"task": "item", "worker": "annotator"}))
    return known, np.array([known.labels.index(truth[item]) for item in known.items])


# -- again or new ---------------------------------------------------------------------------------------------------

PEOPLE, SPAMMERS, FLIPS = 10, 2, 0.2
FIRST, BATCH, POOL = 100, 50, 600


def simulated(
    X: np.ndarray, y: np.ndarray, rule: str, seed: int, answers: int, kind: str = "logistic"
) -> np.ndarray:
    """(rounds,) test accuracy of a model that learns from noisy people, who are asked what the rule says.

    The first 100 answers are to random items, then 50 a round, each by a random person who has not answered the
    item. Models learn from the consensus that goes with the rule: "again or new" from `assisted`, "ActiveLab" from
    `crowdlab` as published, the others from majority votes. What a rule sees is cross-fitted, 4-fold.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng([seed, 7])
    order = rng.permutation(len(y))
    test, pool = order[: len(y) * 3 // 10], order[len(y) * 3 // 10 :][:POOL]
    labels, truth = int(y.max()) + 1, y[pool]
    said = np.full((len(pool), PEOPLE), -1)

    def answer(i: int) -> None:
        j = rng.choice(np.flatnonzero(said[i] < 0))
        blind, wrong = j < SPAMMERS, rng.random() < FLIPS
        flipped = (truth[i] + rng.integers(1, labels)) % labels
        said[i, j] = rng.integers(labels) if blind else flipped if wrong else truth[i]

    def model(rows: np.ndarray, label: np.ndarray, at: np.ndarray) -> np.ndarray:
        made = (
            LogisticRegression(max_iter=100)
            if kind == "logistic"
            else ExtraTreesClassifier(50, random_state=0)
        )
        fitted = made.fit(X[pool[rows]], label)
        p = np.full((len(at), labels), 1e-9)
        p[:, fitted.classes_] += fitted.predict_proba(X[at])
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    for i in rng.permutation(len(pool))[:FIRST]:
        answer(i)
    proba, curve = np.full((len(pool), labels), 1 / labels), []
    for _ in range((answers - FIRST) // BATCH + 1):
        item, who = np.nonzero(said >= 0)
        known = Votes(
            list(range(len(pool))), list(range(PEOPLE)), list(range(labels)), item, who, said[item, who]
        )
        rows = np.unique(item)
        label = CONSENSUS.get(rule, voted)(known, proba)[rows]
        curve.append(np.mean(model(rows, label, test).argmax(axis=1) == y[test]))
        proba = model(rows, label, pool)
        fold = rng.permutation(len(rows)) % 4
        for k in range(4):
            if len(np.unique(label[fold != k])) > 1:
                proba[rows[fold == k]] = model(rows[fold != k], label[fold != k], pool[rows[fold == k]])
        new = np.bincount(item, minlength=len(pool)) == 0
        score = RULES[rule](known, proba, new) + 1e-9 * rng.random(len(pool))
        score[(said >= 0).all(axis=1)] = -np.inf
        for i in np.argsort(-score)[:BATCH]:
            answer(i)
    return np.array(curve)


def through_project(
    X: np.ndarray, y: np.ndarray, seed: int, answers: int, kind: str = "logistic", **options: Any
) -> np.ndarray:
    """(rounds,) as `simulated`, of the same people and items, but every question is a project's, and every answer.

    Somebody drawn by lot asks for five at a time. options: of the project; one that asks nothing twice ends with POOL.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression

    from asklearn import Answer, Project, classes

    rng = np.random.default_rng([seed, 7])
    order = rng.permutation(len(y))
    test, pool = order[: len(y) * 3 // 10], order[len(y) * 3 // 10 :][:POOL]
    labels, truth = int(y.max()) + 1, y[pool]
    model = (
        LogisticRegression(max_iter=100) if kind == "logistic" else ExtraTreesClassifier(50, random_state=0)
    )

    def said(row: int, j: int) -> int:
        if j < SPAMMERS:
            return int(rng.integers(labels))
        flip = rng.integers(1, labels) if rng.random() < FLIPS else 0
        return int((truth[row] + flip) % labels)

    settings = {"audit": 0, "overlap": 0, "hide": 0, "seed": seed, "strategy": "least_confidence"} | options
    curve = []
    with Project(X[pool], classes(range(labels)), model, **settings) as project:
        ids = project.pool.ids
        for row in rng.permutation(len(pool))[:FIRST].tolist():
            j = int(rng.integers(PEOPLE))
            project.tell(Answer(item=ids[row], label=said(row, j), by=f"p{j}"))
        given = FIRST
        while True:
            project.learn()
            found = np.array(project.predict(X[test])["label"])
            curve.append(np.mean(found == y[test]))
            if given >= answers:
                return np.array(curve)
            aim = given + BATCH
            while given < aim:
                j = int(rng.integers(PEOPLE))
                for question in project.ask(min(5, aim - given), f"p{j}"):
                    project.tell(Answer(item=question.item, label=said(question.row, j), by=f"p{j}"))
                    given += 1


def voted(known: Votes, proba: np.ndarray) -> np.ndarray:
    """The majority; the model's best of several."""
    return np.asarray((known.counts() + 1e-3 * proba).argmax(axis=1))


CONSENSUS: dict[str, Callable[[Votes, np.ndarray], np.ndarray]] = {
    "again or new": lambda known, proba: assisted(known, proba).proba.argmax(axis=1),
    "ActiveLab": lambda known, proba: crowdlab(known, proba).label,
}
RULES: dict[str, Callable[[Votes, np.ndarray, np.ndarray], np.ndarray]] = {
    "random": lambda known, proba, new: new * 1.0,
    "uncertainty, new items": lambda known, proba, new: 1 - proba.max(axis=1) + new,
    "uncertainty, all items": lambda known, proba, new: 1 - proba.max(axis=1),
    "ActiveLab": lambda known, proba, new: activelab(known, proba),
    "again or new": lambda known, proba, new: again_or_new(known, proba),
}


def problems(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, rows and labels of tables."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    yield "digits", X / 16, y
    for name in ("pendigits", "splice", "letter", "spambase"):
        file = folder / "tabular" / f"{name}.parquet"
        if file.is_file():
            import pandas as pd

            table = pd.read_parquet(file).sample(frac=1, random_state=0)[:3000]
            X = pd.get_dummies(table.drop(columns=["target", "split"], errors="ignore")).to_numpy(float)
            yield (
                name,
                (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9),
                np.unique(table["target"], return_inverse=True)[1],
            )


def relabel(folder: Path, seeds: int) -> None:
    """Again or new, at equal numbers of answers."""
    warnings.simplefilter(
        "ignore"
    )  # of regressions that did not quite converge; their accuracy is what counts
    at = (300, 500, 900, 1300)
    print("  accuracy after", *at, "answers, and the mean of the whole curve; means of", seeds, "seeds")
    for name, X, y in problems(folder):
        for kind in ("logistic", "trees"):
            print(f"  {name}, {kind}", flush=True)
            for rule in RULES:
                curves = np.array([simulated(X, y, rule, seed, max(at), kind) for seed in range(seeds)])
                points = [curves[:, (n - FIRST) // BATCH].mean() for n in at]
                print(f"    {rule:<24}", *(f"{p:.3f}" for p in points), f"  {curves.mean():.3f}", flush=True)


def project(folder: Path, seeds: int) -> None:
    """A project that asks again where that tells more, at equal numbers of answers."""
    warnings.simplefilter("ignore")
    at = (300, 500, 600)
    print("  accuracy after", *at, "answers, and the mean of the whole curve; means of", seeds, "seeds")
    for name, X, y in problems(folder):
        for kind in ("logistic", "trees"):
            print(f"  {name}, {kind}", flush=True)
            ways: dict[str, Callable[[int], np.ndarray]] = {
                rule: partial(
                    lambda rule, seed, X=X, y=y, kind=kind: simulated(X, y, rule, seed, max(at), kind), rule
                )
                for rule in RULES
            }
            for relabel in (False, True):
                options = {"relabel": relabel, "consensus": "majority"}
                ways[f"project, {options}"] = partial(
                    lambda options, seed, X=X, y=y, kind=kind: through_project(
                        X, y, seed, max(at), kind, **options
                    ),
                    options,
                )
            for way, run in ways.items():
                curves = np.array([run(seed) for seed in range(seeds)])
                points = [curves[:, (n - FIRST) // BATCH].mean() for n in at]
                print(f"    {way:<60}", *(f"{p:.3f}" for p in points), f"  {curves.mean():.3f}", flush=True)


PARTS: dict[str, Callable[[Path, int], None]] = {
    "exact": exact,
    "speed": speed,
    "crowds": crowds,
    "relabel": relabel,
    "project": project,
}

if __name__ == "__main__":
    sys.exit(main())
