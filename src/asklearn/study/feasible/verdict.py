"""Yes, no or unclear: a rule on intervals."""

from __future__ import annotations

from collections.abc import Sequence

from asklearn.study.feasible.gains import Gain

YES, NO, UNCLEAR = "yes", "no", "unclear"

LEVEL = 0.95  # for all strategies together: each is held to 1 - 0.05 / how many (Bonferroni)
WORTH = 0.2  # of the labels: to save less is not worth the trouble
CUT = 0.1  # of random's errors: what a yes promises
TRIFLE = (
    0.05  # of random's errors: what a no excludes; between the two lies unclear, so that answers are steady
)


def level(strategies: int) -> float:
    """Of each interval, so that with so many strategies all hold together in 95 % of studies.

    >>> round(level(5), 3)
    0.99
    """
    return 1 - (1 - LEVEL) / max(strategies, 1)


def sure(gain: Gain, labels: int) -> bool:
    """It surely saves a tenth of random's errors, and a fifth of the labels."""
    return gain.cut.low >= CUT and gain.needs.high <= (1 - WORTH) * labels


def hopeless(gain: Gain, labels: int) -> bool:
    """It surely saves less than a twentieth of random's errors, or surely less than a fifth of the labels."""
    return gain.cut.high < TRIFLE or gain.needs.low > (1 - WORTH) * labels


def losing(gain: Gain) -> bool:
    """It is surely worse than random."""
    return gain.gain.high < 0


def best(gains: Sequence[Gain], labels: int) -> Gain:
    """The strategy that surely gains most: of those that are sure, if any, the highest lower end."""
    return max(gains, key=lambda gain: (sure(gain, labels), gain.cut.low))


def verdict(gains: Sequence[Gain], plainest: Gain, labels: int) -> str:
    """ "yes": one strategy is sure, and the plainest, least confidence, does not surely lose. "no": all are hopeless.

    Where the plainest loses, what the model is least sure of misleads it: a gain hangs on the strategy then, and
    that is for nobody to promise. "unclear": everything else.
    """
    if sure(best(gains, labels), labels) and not losing(plainest):
        return YES
    return NO if all(hopeless(each, labels) for each in gains) else UNCLEAR
