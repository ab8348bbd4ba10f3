"""What is asked before two classes are known."""

from __future__ import annotations

from asklearn.strategies.choice import pick
from asklearn.strategies.herding import max_herding
from asklearn.strategies.mixing import mix, random
from asklearn.view import Positions, View

COVER = mix(max_herding, share=0.25)


def seeds(view: View, n: int) -> Positions:
    """Items that cover the pool, a quarter of them drawn at random; without an embedding all are.

    Coverage finds classes early (ten of scikit-learn's digits: 9 classes seen, 6 at random); the random
    quarter finds what lies in no dense region of the embedding.
    """
    return pick(COVER if "embedding" in view else random, view, n)
