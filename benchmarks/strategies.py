"""What strategies cost: CPU seconds and peak memory of ours, and of peers where they have the same, on the same inputs.

    python -m benchmarks.strategies                 ours
    python -m benchmarks.strategies --quick         ours, a tenth of the items
    python -m benchmarks.strategies --only badge    lines with this word
    python -m benchmarks.strategies --peers         beside other libraries, in an environment of their own (build/peers)
    python -m benchmarks.strategies --growth        twice the items: how much longer each strategy takes

CPU seconds count all threads; the best of `--repeat` runs, of peers one. Memory is by how much the process grew at the
most in the first run, on top of the inputs (Linux). Peers are installed by this script, never by the package.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from asklearn import strategies
from asklearn.strategies.herding import cover, diameter, tent
from asklearn.view import Labelled, View
from benchmarks import _peers
from benchmarks.conformance import LIBRARIES

D = 384
LINEAR = 2.3  # at most so much longer for twice the items
Call = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One measurement: what, our call and, by name, those of peers."""

    what: str
    ours: Call
    peers: dict[str, Call] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    cpu: float
    wall: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.cpu:10.4f} {self.wall:9.4f} {self.megabytes:8.0f}"


def cost(call: Call, repeat: int) -> Cost:
    """What the best of so many runs took, and by how much the process grew at the most in the first."""
    runs, grown = [], float("nan")
    _give_back()
    for turn in range(repeat):
        before = _resident("VmRSS", forget_peak=True)
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        runs.append((time.process_time() - cpu, time.perf_counter() - wall))
        if turn == 0:
            grown = _resident("VmHWM") - before
    return Cost(*map(min, zip(*runs, strict=True)), grown)


def _give_back() -> None:
    """What was freed before goes back to the system, where the C library can: else it would be used again unseen."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _resident(line: str, forget_peak: bool = False) -> float:
    """Megabytes, by the kernel's account of this process; NaN where it keeps none."""
    try:
        if forget_peak:
            Path("/proc/self/clear_refs").write_text("5")
        told = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    return float(told.partition(f"{line}:")[2].split()[0]) / 1024


def chosen(name: str, n: int, **given: object) -> Callable[[], object]:
    strategy = strategies.get(name) if isinstance(name, str) else name

    def call() -> object:
        return strategies.choose(strategy, View(n=n, rng=np.random.default_rng(0), **given)).positions

    return call


def probabilities(n: int, classes: int, seed: int = 0) -> np.ndarray:
    p = np.random.default_rng(seed).random((n, classes), dtype=np.float32) ** 4
    p += 1e-3
    p /= p.sum(axis=1, keepdims=True)
    return p


def blobs(n: int, d: int = D, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((100, d), dtype=np.float32)
    return centres[rng.integers(100, size=n)] + 0.7 * rng.standard_normal((n, d), dtype=np.float32)


def posterior(n: int, k: int, classes: int, spread: float = 0.2) -> np.ndarray:
    """Draws from a linear head whose weights are uncertain."""
    rng = np.random.default_rng(0)
    x, heads = rng.standard_normal((n, 10)), rng.standard_normal((10, classes))
    logits = np.einsum("nd,kdc->nkc", x, heads + spread * rng.standard_normal((k, 10, classes)))
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (p / p.sum(axis=-1, keepdims=True)).astype(np.float32)


def peer(library: str, name: str, n: int, **given: object) -> dict[str, Call]:
    """A peer's strategy through its adapter; nothing where the library is not to be had."""
    try:
        found = LIBRARIES[library]()[name]
    except ImportError:
        return {}
    return {f"{library} {name}, {n}": chosen(found, n, **given)}


def lines(scale: float) -> Iterator[Line]:
    """All measurements, one after the other, so that no more than one input is in memory."""
    n = int(10_000_000 * scale)
    p = probabilities(n, 10)
    blank = np.zeros((n, 1), dtype=np.float32)
    yield Line(f"one sum over {n:,} x 10", p.sum)
    yield Line(
        f"margin, 100 of {n:,} x 10",
        chosen("margin", 100, proba=p),
        peer("modAL", "margin_sampling", 100, proba=p)
        | peer("scikit-activeml", "UncertaintySampling margin", 100, proba=p, embedding=blank),
    )
    yield Line(f"entropy, 100 of {n:,} x 10", chosen("entropy", 100, proba=p))
    n = int(100_000 * scale)
    p, blank = p[:n], blank[:n]
    yield Line(
        f"entropy, 100 of {n:,} x 10",
        chosen("entropy", 100, proba=p),
        peer("modAL", "entropy_sampling", 100, proba=p)
        | peer("scikit-activeml", "UncertaintySampling entropy", 100, proba=p, embedding=blank)
        | peer("small-text", "PredictionEntropy", 100, proba=p),
    )
    for size, classes, batch in (
        (100_000, 10, 10),
        (100_000, 10, 100),
        (100_000, 100, 100),
        (1_000_000, 100, 1000),
    ):
        n = int(size * scale)
        p, z = probabilities(n, classes), blobs(n)
        compared = (size, classes, batch) == (100_000, 10, 100)
        yield Line(
            f"badge, {batch} of {n:,} x {D}, {classes} classes",
            chosen("badge", batch, proba=p, embedding=z),
            peer("scikit-activeml", "Badge", 10, proba=p, embedding=z) if compared else {},
        )
    for size, batch in ((10_000, 100), (100_000, 100), (100_000, 1000), (1_000_000, 1000)):
        n = int(size * scale)
        z = blobs(n)
        beside = {}
        if size == 10_000:
            first = Labelled(z[:1], np.zeros(1, dtype=int))
            beside = peer("small-text", "GreedyCoreset", batch, proba=z, embedding=z[1:], labelled=first)
        if (size, batch) == (100_000, 1000):
            beside = peer("scikit-activeml", "CoreSet", batch, embedding=z)
        yield Line(f"k_center, {batch} of {n:,} x {D}", chosen("k_center", batch, embedding=z), beside)
    n = int(100_000 * scale)
    z, p = blobs(n), probabilities(n, 10)
    for size in (0, 100, 1000):
        known = Labelled(blobs(size, seed=1), np.zeros(size, dtype=int))
        yield Line(
            f"typiclust, 10 of {n:,} x {D}, {size} labelled",
            chosen("typiclust", 10, embedding=z, labelled=known),
            peer("scikit-activeml", "TypiClust", 10, embedding=z) if size == 0 else {},
        )
    beside = {
        "k_means": peer("small-text", "EmbeddingKMeans", 100, proba=p, embedding=z),
        "clue": peer("scikit-activeml", "Clue", 100, proba=p, embedding=z),
    }
    for name in (
        "max_herding",
        "uherding",
        "uherding_local",
        "prob_cover",
        "k_means",
        "clue",
        "lcmd",
        "bait",
        "dcom",
    ):
        what = f"{name}, 100 of {n:,} x {D}"
        yield Line(what, chosen(name, 100, embedding=z, proba=p), beside.get(name, {}))
    everybody = cover(candidates=n)
    yield Line(f"max_herding, 100 of {n:,} x {D}, all looked at", chosen(everybody, 100, embedding=z))
    n = int(10_000 * scale)
    z = z[:n]
    for name, theirs in (("max_herding", "MaxHerding"), ("prob_cover", "ProbCover")):
        beside = peer("scikit-activeml", theirs, 100, embedding=z)
        yield Line(f"{name}, 100 of {n:,} x {D}", chosen(name, 100, embedding=z), beside)
    whole = cover(kernel=tent(), radius=diameter(), references=n, candidates=n)
    yield Line(
        f"facility_location, 100 of {n:,} x {D}, exact",
        chosen(whole, 100, embedding=z),
        peer("apricot", "FacilityLocation", 100, embedding=z),
    )
    for k in (20, 100):
        n = int(100_000 * scale)
        draws = posterior(n, k, 10)
        beside = {}
        if k == 100:
            beside = peer_bald(draws, 100)
            beside |= peer("scikit-activeml", "GreedyBALD", 100, draws=draws, embedding=blank)
            beside |= peer("small-text", "BALD", 100, draws=draws)
        yield Line(f"bald, 100 of {n:,}, {k} draws", chosen("bald", 100, draws=draws), beside)
    draws = draws[:, :10].copy()
    yield Line(
        f"qbc_vote, 100 of {n:,}, 10 members",
        chosen("qbc_vote", 100, draws=draws),
        peer("modAL", "vote_entropy_sampling", 100, draws=draws)
        | peer("scikit-activeml", "QueryByCommittee vote_entropy", 100, draws=draws, embedding=blank),
    )
    n = int(10_000 * scale)
    draws = posterior(n, 20, 10)
    batch_bald = chosen("batch_bald", 10, draws=draws)
    yield Line(f"batch_bald, 10 of {n:,}, 20 draws", batch_bald, peer_batch_bald(draws, 10, 10_000))
    yield Line(f"eer, 10 of {n:,} x {D}", chosen("eer", 10, proba=p[:n], embedding=z))


def peer_bald(draws: np.ndarray, n: int) -> dict[str, Call]:
    """baal's, on predictions in the order of axes that it wants."""
    try:
        from baal.active.heuristics import BALD
    except ImportError:
        return {}
    predictions = np.ascontiguousarray(draws.transpose(0, 2, 1))
    return {f"baal BALD, {n}": lambda: BALD()(predictions)[:n]}


def peer_batch_bald(draws: np.ndarray, n: int, configurations: int) -> dict[str, Call]:
    """batchbald_redux's, on the logarithms that it wants."""
    try:
        import torch
        from batchbald_redux.batchbald import get_batchbald_batch
    except ImportError:
        return {}
    logs = torch.as_tensor(np.log(draws))
    return {f"batchbald_redux, {n}": lambda: get_batchbald_batch(logs, n, configurations)}


def show(scale: float, repeat: int, only: str) -> None:
    warnings.simplefilter("ignore")
    print(f"{'':60} {'CPU s':>10} {'wall s':>9} {'MB':>8} {'CPU ratio':>10}", flush=True)
    for line in lines(scale):
        if only not in line.what:
            continue
        ours = cost(line.ours, repeat)
        print(f"{line.what:60} {ours}", flush=True)
        for name, call in line.peers.items():
            theirs = cost(call, 1)
            print(f"    {name:56} {theirs} {theirs.cpu / ours.cpu:10.1f}", flush=True)


def growth(repeat: int, only: str) -> None:
    """CPU seconds for 50,000 and 100,000 items, and their ratio, of every strategy."""
    print(
        f"{'10 of n x 32, 10 classes, 8 draws, 50 labelled':48} {'50,000':>9} {'100,000':>9} {'ratio':>6}",
        flush=True,
    )
    for name in strategies.names():
        if only not in name:
            continue
        seconds = []
        for n in (50_000, 100_000):
            rng = np.random.default_rng(0)
            p = probabilities(n, 10)
            given = {
                "proba": p,
                "draws": posterior(n, 8, 10),
                "embedding": blobs(n, 32),
                "mean": rng.random(n),
                "std": rng.random(n),
                "labelled": Labelled(blobs(50, 32), rng.integers(10, size=50), p[:50]),
            }
            call = chosen(name, 10, **given)
            call()
            spent = []
            while len(spent) < repeat or (
                sum(spent) < 0.5 and len(spent) < 100
            ):  # what is quick is easily disturbed
                start = time.process_time()
                call()
                spent.append(time.process_time() - start)
            seconds.append(min(spent))
        ratio = seconds[1] / seconds[0]
        note = "" if ratio <= LINEAR else "   more than linear"
        print(f"{name:48} {seconds[0]:9.4f} {seconds[1]:9.4f} {ratio:6.2f}{note}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    if asked.peers:
        rest = [word for word in sys.argv[1:] if word != "--peers"]
        return _peers.run_there("benchmarks.strategies", *rest).returncode
    if asked.growth:
        growth(asked.repeat, asked.only)
    else:
        show(0.1 if asked.quick else 1.0, asked.repeat, asked.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
