"""What strategies cost: CPU seconds and peak memory of ours, and of peers where they have the same, on the same inputs.

    python benchmarks/strategies.py                 ours
    python benchmarks/strategies.py --quick         ours, a tenth of the items
    python benchmarks/strategies.py --only badge    lines with this word
    python benchmarks/strategies.py --peers         beside scikit-activeml, in an environment of its own (build/peers)
    python benchmarks/strategies.py --growth        twice the items: how much longer each strategy takes

CPU seconds count all threads; the best of `--repeat` runs. Memory is what NumPy held at the most on top of the inputs,
from a further run. Peers are installed by this script, never by the package.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import tracemalloc
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asklearn import strategies
from asklearn.strategies.herding import cover, diameter, tent
from asklearn.view import Labelled, View

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("scikit-activeml==1.0.1",)
D = 384


@dataclass(frozen=True)
class Line:
    """One measurement: what, and the call of ours and, where it has one, of scikit-activeml's."""

    what: str
    ours: Callable[[], object]
    peer: Callable[[], object] | None = None


def cost(call: Callable[[], object], repeat: int) -> tuple[float, float]:
    """(CPU seconds, MB at the most)"""
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 1e6


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


def lines(scale: float) -> Iterator[Line]:
    """All measurements, one after the other, so that no more than one input is in memory."""
    n = int(10_000_000 * scale)
    p = probabilities(n, 10)
    yield Line(f"one sum over {n:,} x 10", p.sum)
    yield Line(f"margin, 100 of {n:,} x 10", chosen("margin", 100, proba=p))
    yield Line(f"entropy, 100 of {n:,} x 10", chosen("entropy", 100, proba=p))
    for size, classes, batch in (
        (100_000, 10, 10),
        (100_000, 10, 100),
        (100_000, 100, 100),
        (1_000_000, 100, 1000),
    ):
        n = int(size * scale)
        p, z = probabilities(n, classes), blobs(n)
        peer = peer_badge(p, z, batch) if (size, classes, batch) == (100_000, 10, 10) else None
        yield Line(
            f"badge, {batch} of {n:,} x {D}, {classes} classes",
            chosen("badge", batch, proba=p, embedding=z),
            peer,
        )
    for size, batch in ((100_000, 100), (100_000, 1000), (1_000_000, 1000)):
        n = int(size * scale)
        z = blobs(n)
        peer = peer_embedding("CoreSet", z, batch) if (size, batch) == (100_000, 1000) else None
        yield Line(f"k_center, {batch} of {n:,} x {D}", chosen("k_center", batch, embedding=z), peer)
    n = int(100_000 * scale)
    z, p = blobs(n), probabilities(n, 10)
    known = {size: Labelled(blobs(size, seed=1)) for size in (0, 100, 1000)}
    for size, labelled in known.items():
        peer = peer_embedding("TypiClust", z, 10) if size == 0 else None
        told = f"typiclust, 10 of {n:,} x {D}, {size} labelled"
        yield Line(told, chosen("typiclust", 10, embedding=z, labelled=labelled), peer)
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
        yield Line(f"{name}, 100 of {n:,} x {D}", chosen(name, 100, embedding=z, proba=p))
    everybody = cover(candidates=n)
    yield Line(f"max_herding, 100 of {n:,} x {D}, all looked at", chosen(everybody, 100, embedding=z))
    n = int(10_000 * scale)
    z = blobs(n)
    whole = cover(kernel=tent(), radius=diameter(), references=n, candidates=n)
    yield Line(f"facility_location, 100 of {n:,} x {D}, exact", chosen(whole, 100, embedding=z))
    for k in (20, 100):
        n = int(100_000 * scale)
        draws = posterior(n, k, 10)
        yield Line(f"bald, 100 of {n:,}, {k} draws", chosen("bald", 100, draws=draws))
    n = int(10_000 * scale)
    yield Line(f"batch_bald, 10 of {n:,}, 20 draws", chosen("batch_bald", 10, draws=posterior(n, 20, 10)))
    yield Line(f"eer, 10 of {n:,} x {D}", chosen("eer", 10, proba=probabilities(n, 10), embedding=blobs(n)))


def peer_badge(p: np.ndarray, z: np.ndarray, batch: int) -> Callable[[], object] | None:
    return _peer("Badge", z, batch, clf=_head(p, z))


def peer_embedding(name: str, z: np.ndarray, batch: int) -> Callable[[], object] | None:
    return _peer(name, z, batch)


def _peer(name: str, z: np.ndarray, batch: int, **more: object) -> Callable[[], object] | None:
    try:
        import skactiveml.pool
    except ImportError:
        return None
    y = np.full(len(z), np.nan)
    if "clf" in more:
        y[:20] = np.arange(20) % 10
        more["fit_clf"] = False
    strategy = getattr(skactiveml.pool, name)(random_state=0)
    return lambda: strategy.query(z, y, batch_size=batch, **more)


def _head(p: np.ndarray, z: np.ndarray) -> object:
    """A fitted classifier in their wrapper whose probabilities are p."""
    try:
        from skactiveml.base import SkactivemlClassifier
    except ImportError:
        return None

    class Given(SkactivemlClassifier):
        def fit(self, X: object, y: object, sample_weight: object = None) -> Given:
            self.classes_ = np.arange(p.shape[1])
            return self

        def predict_proba(self, X: np.ndarray) -> np.ndarray:
            return p[-len(X) :]

        def predict(self, X: np.ndarray) -> np.ndarray:
            return self.predict_proba(X).argmax(axis=1)

    return Given(classes=np.arange(p.shape[1])).fit(None, None)


def show(scale: float, repeat: int, only: str) -> None:
    print(f"{'':58} {'CPU s':>9} {'MB':>8}   {'peer: CPU s':>12} {'MB':>8} {'ratio':>7}", flush=True)
    for line in lines(scale):
        if only not in line.what:
            continue
        seconds, peak = cost(line.ours, repeat)
        text = f"{line.what:58} {seconds:9.4f} {peak:8.1f}"
        if line.peer is not None:
            slow, much = cost(line.peer, 1)
            text += f"   {slow:12.3f} {much:8.1f} {slow / seconds:7.0f}"
        print(text, flush=True)


def growth(repeat: int) -> None:
    """CPU seconds for 50,000 and 100,000 items, and their ratio, of every strategy."""
    print(
        f"{'10 of n x 32, 10 classes, 8 draws, 50 labelled':48} {'50,000':>9} {'100,000':>9} {'ratio':>6}",
        flush=True,
    )
    for name in strategies.names():
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
            for _ in range(repeat):
                start = time.process_time()
                call()
                spent.append(time.process_time() - start)
            seconds.append(min(spent))
        print(f"{name:48} {seconds[0]:9.4f} {seconds[1]:9.4f} {seconds[1] / seconds[0]:6.2f}", flush=True)


def in_their_own_environment(arguments: list[str]) -> int:
    """This script again, under a Python that has the peers."""
    place = ROOT / "build" / "peers"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS], check=True)
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.run([python, __file__, *arguments], env=os.environ | {"PYTHONPATH": path}).returncode


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
        return in_their_own_environment([a for a in sys.argv[1:] if a != "--peers"])
    if asked.growth:
        growth(asked.repeat)
    else:
        show(0.1 if asked.quick else 1.0, asked.repeat, asked.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
