"""Yes, no or unclear: a rule on intervals."""

from __future__ import annotations

from collections.abc import Sequence

from asklearn.study.feasible.gains import Gain

YES, NO, UNCLEAR = "yes", "no", "unclear"

LEVEL = 0.95  # for all strategies together: each is held to 1 - 0.05 / how many (Bonferroni)
WORTH = 0.2  # of the labels: to save less is not worth the trouble
TRIFLE = 0.05  # of random's errors: to save less is not worth the trouble either


def level(strategies: int) -> float:
    """Of each interval, so that with so many strategies all hold together in 95 % of studies.

    >>> round(level(5), 3)
    0.99
    """
    return 1 - (1 - LEVEL) / max(strategies, 1)


def bar(doubtful: float) -> float:
    """The share of random's errors that a yes must promise: a twentieth, or the share of doubtful labels if larger.

    A simulation answers with the recorded label. Where classes overlap, people will not be so sure of what a strategy
    asks about, so that its gain must outweigh what they may get wrong.

    >>> bar(0.02), bar(0.12)
    (0.05, 0.12)
    """
    return max(TRIFLE, doubtful)


def sure(gain: Gain, labels: int, doubtful: float) -> bool:
    """It surely saves more errors of random than the bar, and a fifth of the labels."""
    return gain.cut.low >= bar(doubtful) and gain.needs.high <= (1 - WORTH) * labels


def hopeless(gain: Gain, labels: int) -> bool:
    """It surely saves less than a twentieth of random's errors, or surely less than a fifth of the labels."""
    return gain.cut.high < TRIFLE or gain.needs.low > (1 - WORTH) * labels


def losing(gain: Gain) -> bool:
    """It is surely worse than random."""
    return gain.gain.high < 0


def best(gains: Sequence[Gain], labels: int, doubtful: float) -> Gain:
    """The strategy that surely gains most: of those that are sure, if any, the highest lower end."""
    return max(gains, key=lambda gain: (sure(gain, labels, doubtful), gain.cut.low))


def verdict(gains: Sequence[Gain], plainest: Gain, labels: int, doubtful: float) -> str:
    """ "yes": one strategy is sure, and the plainest, least confidence, does not surely lose. "no": all are hopeless.

    Where the plainest loses, what the model is least sure of misleads it: a gain hangs on the strategy then, and
    that is for nobody to promise. "unclear": everything else. `doubtful`: the share of labels that models which never
    saw them confidently deny.
    """
    if sure(best(gains, labels, doubtful), labels, doubtful) and not losing(plainest):
        return YES
    return NO if all(hopeless(each, labels) for each in gains) else UNCLEAR


def settled(gains: Sequence[Gain], plainest: Gain, labels: int, doubtful: float) -> bool:
    """More splits would hardly change the verdict."""
    if verdict(gains, plainest, labels, doubtful) != UNCLEAR:
        return True
    return losing(plainest) and sure(best(gains, labels, doubtful), labels, doubtful)
