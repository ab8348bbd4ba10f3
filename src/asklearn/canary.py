"""The canary: whether what people are asked follows the score, told from the record alone.

Two of the best-known platforms shipped active learning that did nothing, and nobody saw it: a version that did not
match served tasks at random, an exception that was swallowed made every score 0.5. A page cannot show that: random
items look like any others. So each `Asked` says what was left aside (`above`, from `witness`), by whose numbers and
when each item was chosen; `Canary` folds that into short windows, and `judge` says well, doubtful or broken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass, field
from math import log
from typing import Literal

from asklearn.events import Asked, Learned

WINDOW = (
    100  # the newest items by which order is judged: what broke shows within half of it, what was mended too
)
SHARES = 1000  # the newest questions by which shares are judged
LEAST = 20  # of them before anything is said
PLANS = 8  # choices whose last score is remembered: no more are served side by side
# Arms of a strategy that follow something else than its score, and say so.
ASIDE = frozenset({"random", "seeds", "coverage", "rare class"})

Status = Literal["well", "doubtful", "broken"]
RANKS: tuple[Status, ...] = ("well", "doubtful", "broken")


@dataclass
class Shares:
    """How many of the newest questions were draws."""

    draws: deque[bool] = field(default_factory=lambda: deque(maxlen=SHARES))
    drawn: int = 0

    def add(self, draw: bool) -> None:
        """One more question."""
        if len(self.draws) == SHARES:
            self.drawn -= self.draws[0]
        self.draws.append(draw)
        self.drawn += draw


@dataclass
class Canary:
    """What the last questions tell; a fold over `Asked`, `Audited` and `Learned`."""

    version: str | None = None
    above: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    rises: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))  # neighbours of one choice
    behind: deque[bool] = field(
        default_factory=lambda: deque(maxlen=WINDOW)
    )  # not chosen by the newest model
    random: Shares = field(default_factory=Shares)
    audits: Shares = field(default_factory=Shares)
    pending: int = 0  # audit draws since the last question
    last: dict[int, float] = field(default_factory=dict)  # choice -> the last score served of it

    def learned(self, event: Learned) -> None:
        """There is another model."""
        self.version = event.version

    def asked(self, event: Asked, known: Container[str], busy: Container[str]) -> None:
        """More was asked. known, busy: items somebody answered or held before: they may have been passed over for
        one person and served to another, out of order and rightly so."""
        draws, self.pending = self.pending, 0
        for i, item in enumerate(event.items if event.models else ()):  # an older version wrote none
            arm, plan = event.arms[i], event.plans[i]
            if arm != "check" and (
                arm != "audit" or draws
            ):  # an audit item whose lease ran out is no new draw
                self.audits.add(arm == "audit")
                draws -= arm == "audit"
            if plan is not None:  # else no strategy chose it
                fresh = item not in known and item not in busy
                self._chosen(arm, plan, event.models[i], event.scores[i], event.above[i], fresh)
        for _ in range(draws):  # drawn, but answered or held already
            self.audits.add(True)

    def _chosen(
        self, arm: str, plan: int, model: str | None, score: float | None, above: float | None, fresh: bool
    ) -> None:
        if self.version is not None:
            self.behind.append(model != self.version)
            if model is not None:
                self.random.add(arm == "random")
        if above is not None:
            self.above.append(above)
        if score is not None and arm not in ASIDE:
            before = self.last.pop(plan, None)
            if before is not None and fresh:
                self.rises.append(score > before + 1e-9)
            self.last[plan] = score
            if len(self.last) > PLANS:
                del self.last[next(iter(self.last))]


@dataclass(frozen=True)
class Sign:
    """One thing that was checked: its status, and how it stands in words."""

    check: str
    status: Status
    words: str


@dataclass(frozen=True)
class Verdict:
    """The worst of all signs, and the signs. `str` of it is the sentence that matters."""

    status: Status
    signs: tuple[Sign, ...]

    def __str__(self) -> str:
        if not self.signs:
            return "too little was asked to tell"
        bad = [sign.words for sign in self.signs if sign.status != "well"]
        return "; ".join(bad) if bad else "what is asked follows the score"


# Share of the others with a higher score, doubtful and broken from. At random it is 0.5, over a whole window 0.44 to
# 0.56 in 19 of 20. Measured over healthy lives: at most 0.02 where the score alone decides; where it is weighed 0.31,
# and 0.41 once so little is left that most of it is asked.
ORDERED, WEIGHED = (0.1, 0.25), (0.42, 0.46)
RISES = (
    0.2,
    0.3,
)  # of neighbours of one choice, the second better; half at random, 0.15 at most in healthy lives
BEHIND = (0.2, 0.5)
UNLIKELY = (9.2, 13.8)  # minus the logarithm of a chance: 1 in 10,000, 1 in 1,000,000
HARM = 20  # evidence at which choosing teaches less than drawing: by mistake in 1 of 20 projects


def judge(
    seen: Canary, *, score: str, ordered: bool, low: float, high: float, audit: float, doubt: float
) -> Verdict:
    """Whether what was asked is what the strategy promised.

    score: the name of the score it goes by, "" for none; ordered: whether nothing else decides; low, high: between
    which the share of random items lies; audit: the share of audit draws; doubt: the evidence against choosing.

    >>> judge(Canary(), score="margin", ordered=True, low=0, high=0, audit=0.05, doubt=1).status
    'well'
    """
    signs = [*_follows(seen, score, ordered), *_falls(seen, ordered), *_fresh(seen)]
    signs += _share("random share", "items drawn at random", seen.random, low, max(high, STOPGAP))
    signs += _share("audit share", "audit draws", seen.audits, audit, audit)
    if doubt >= HARM:
        words = f"chosen labels taught less than as many drawn ones (evidence {doubt:.0f} : 1)"
        signs.append(Sign("choosing", "doubtful", words))
    worst = max((RANKS.index(sign.status) for sign in signs), default=0)
    return Verdict(RANKS[worst], tuple(signs))


STOPGAP = 0.1  # of what is asked on large pools until a plan is there is drawn at random


def _follows(seen: Canary, score: str, ordered: bool) -> list[Sign]:
    found = seen.above
    if not score or len(found) < (LEAST if ordered else WINDOW):
        return []
    share = sum(found) / len(found)
    if all(one == 0.5 for one in found):
        words = f"the model gives every item the same {score}: nothing can be told apart, so what is asked is arbitrary"
        return [Sign("score", "broken", words)]
    words = (
        f"of what was left aside {share:.0%} had a higher {score} than what was asked "
        f"(at random: 50%), over the last {len(found)} items"
    )
    return [Sign("score", _worse(share, ORDERED if ordered else WEIGHED), words)]


def _falls(seen: Canary, ordered: bool) -> list[Sign]:
    if not ordered or len(seen.rises) < LEAST:
        return []
    share = sum(seen.rises) / len(seen.rises)
    words = (
        f"of {len(seen.rises)} neighbours in the order served {share:.0%} had the higher score second "
        "(at random: 50%)"
    )
    return [Sign("order", _worse(share, RISES), words)]


def _fresh(seen: Canary) -> list[Sign]:
    if len(seen.behind) < LEAST:
        return []
    share = sum(seen.behind) / len(seen.behind)
    words = f"{1 - share:.0%} of the last {len(seen.behind)} items were chosen by the newest model"
    return [Sign("freshness", _worse(share, BEHIND), words)]


def _share(check: str, what: str, seen: Shares, low: float, high: float) -> list[Sign]:
    """By Chernoff's bound of the binomial tail: P(k of n or further out) <= exp(-n KL(k / n, p)) (Hoeffding 1963)."""
    n, share = len(seen.draws), seen.drawn / max(len(seen.draws), 1)
    if n < LEAST:
        return []
    wanted = min(max(share, low), high)  # the nearest that was promised
    unlikely = n * divergence(share, wanted)
    promised = f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
    return [
        Sign(
            check, _worse(unlikely, UNLIKELY), f"{share:.1%} of the last {n} were {what}, {promised} promised"
        )
    ]


def divergence(share: float, p: float) -> float:
    """Kullback and Leibler's, of a coin with this share from one with p, in nats.

    >>> divergence(0.5, 0.5), round(divergence(0.0, 0.05), 4)
    (0.0, 0.0513)
    """
    pairs = ((share, p), (1 - share, 1 - p))
    return sum(a * log(a / max(b, 1e-300)) for a, b in pairs if a > 0)


def _worse(number: float, limits: tuple[float, float]) -> Status:
    doubtful, broken = limits
    return "broken" if number > broken else "doubtful" if number > doubtful else "well"
