"""By lot: uniformly, or as a share of what another strategy asks."""

from __future__ import annotations

from typing import Any

import numpy as np

from asklearn.errors import SettingError
from asklearn.loops.points import join
from asklearn.strategies.choice import Strategy, pick
from asklearn.strategies.nesting import value
from asklearn.view import Labelled, Positions, View


def random(view: View, n: int, rng: np.random.Generator) -> Positions:
    """n drawn uniformly without replacement, with chance n / size each."""
    found = rng.choice(view.size, n, replace=False)
    view.tell(found, chance=n / view.size, arm="random")
    return found


@value
class mix:
    """A strategy, but each place goes to a uniform draw from all candidates with probability `share`.

    So drawn items keep the strategy honest, find what it overlooks and measure the model without bias: each
    was drawn with the chance n share / size, which is told with it, and the strategy takes them as reserved.
    """

    strategy: Strategy
    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise SettingError(f"mix needs a share from 0 to 1; it is {self.share}")

    def __call__(self, view: View, n: int, rng: np.random.Generator) -> Positions:
        places = n * self.share
        lots = int(places) + int(rng.random() < places % 1)
        drawn = rng.choice(view.size, lots, replace=False)
        # The strategy sees all candidates (no copy of a large pool); what was drawn already is passed over.
        wanted = pick(self.strategy, reserve(view, drawn))
        wanted = wanted[~np.isin(wanted, drawn)][: n - lots]
        view.tell(drawn, chance=places / view.size, arm="random")
        return np.concatenate([wanted, drawn])


def reserve(view: View, positions: Positions) -> View:
    """The same view, in which these candidates count as asked already."""
    if len(positions) == 0:
        return view

    def labelled() -> Labelled:
        before = view["labelled"] if "labelled" in view else Labelled()
        some = {key: view[key][positions] for key in ("embedding", "proba") if key in view}
        fresh = len(before) == 0
        unknown: Any = np.full(
            len(positions), np.nan if before.y is not None and before.y.dtype.kind == "f" else -1
        )
        return Labelled(
            **{
                key: some[key] if fresh else join(getattr(before, key), some[key])
                for key in some
                if fresh or getattr(before, key) is not None
            },
            y=unknown if before.y is None else np.concatenate([before.y, unknown]),
        )

    return view.change(labelled=labelled)
