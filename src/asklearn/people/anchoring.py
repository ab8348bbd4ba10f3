"""Do people follow the model? Proposals are hidden by lot: how often people agree then is what they think."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import sqrt

from asklearn.estimate import wilson
from asklearn.state import Agreed

LEAST = 10  # answers on each side before anything is said


def hidden(seed: int, item: str, share: float) -> bool:
    """Whether the lot hides the proposal for this item: the same for everybody, whoever asks and when.

    >>> sum(hidden(0, str(i), 0.1) for i in range(10_000)) / 10_000
    0.0993
    """
    lot = blake2b(f"{seed}\0{item}\0hide".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(lot, "big") < share * 2**64


@dataclass(frozen=True)
class Anchoring:
    """Shares of answers that agree with the proposal, where it was shown and where it was hidden by lot.

    `difference`: shown - hidden, low..high with 95 %: what seeing the proposal does.
    """

    shown: float
    hidden: float
    n_shown: int
    n_hidden: int
    difference: float
    low: float
    high: float


def anchoring(agreed: Agreed) -> Anchoring | None:
    """What is known of it, None while there are too few answers.

    >>> anchoring(Agreed(shown=100, shown_right=90, hidden=50, hidden_right=35)).difference.__round__(3)
    0.2
    """
    if min(agreed.shown, agreed.hidden) < LEAST:
        return None
    one, other = agreed.shown_right / agreed.shown, agreed.hidden_right / agreed.hidden
    low, high = newcombe(agreed.shown_right, agreed.shown, agreed.hidden_right, agreed.hidden)
    return Anchoring(one, other, agreed.shown, agreed.hidden, one - other, low, high)


def newcombe(right: int, n: int, other_right: int, other_n: int) -> tuple[float, float]:
    """95 % interval of the difference of two independent proportions (Newcombe 1998, method 10).

    With Wilson's l..u of each:  d - sqrt((p - l)^2 + (u' - p')^2),  d + sqrt((u - p)^2 + (p' - l')^2).
    His first example, 56 of 70 against 48 of 80:

    >>> [round(end, 4) for end in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    p, q = right / n, other_right / other_n
    (low, high), (other_low, other_high) = wilson(right, n), wilson(other_right, other_n)
    return (
        p - q - sqrt((p - low) ** 2 + (other_high - q) ** 2),
        p - q + sqrt((high - p) ** 2 + (q - other_low) ** 2),
    )
