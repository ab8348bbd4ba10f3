"""What more random labels would bring: a power law through what random labels brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asklearn.events import Measured
from asklearn.stopping import Curve, fit_curve
from asklearn.study import metrics as measures

NEARLY = 0.95  # of the ceiling


@dataclass(frozen=True)
class Forecast:
    """Quality after l random labels: curve.at(l), fitted to `values` measured at `labels`.

    `nearly`: labels to 95 % of the ceiling, None for never.
    """

    labels: tuple[float, ...]
    values: tuple[float, ...]
    curve: Curve
    nearly: float | None


def forecast(labels: Sequence[float], values: Sequence[float], rows: int, metric: str) -> Forecast | None:
    """The power law ceiling - drop l^-slope nearest to the points; None where it makes no sense or is too uncertain.

    labels, values: a point each, measured on `rows` rows. It makes sense for metrics whose best value is 1.
    """
    if metric not in measures.METRICS or not measures.higher(metric):
        return None
    points = tuple(
        Measured(version="", labels=round(at), metric=metric, value=value, low=value, high=value, n=rows)
        for at, value in zip(labels, values, strict=True)
    )
    curve = fit_curve(points)
    if curve is None or not np.isfinite(curve.ceiling):
        return None
    return Forecast(tuple(labels), tuple(values), curve, curve.labels_for(NEARLY * curve.ceiling))
