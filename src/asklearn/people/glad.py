"""Every annotator has an ability, every item is more or less easy (GLAD, Whitehill et al. 2009)."""

from __future__ import annotations

import numpy as np

from asklearn.people.tally import Fit, evidence, softmax
from asklearn.people.votes import Votes


def glad(votes: Votes, *, rounds: int = 200, tol: float = 1e-6) -> Fit:
    """The most likely abilities a_j and easinesses b_i > 0, by their marginal likelihood.

        p(l_n = z_i) = s(x_n),  x_n = a_j b_i,  any other label: s(-x_n) / (labels - 1),  s the logistic function

    with every label as likely beforehand and normal priors, mean 1, variance 1, on a_j and log b_i as in the paper.
    By Fisher's identity the gradient in x_n is p(z_i = l_n) - s(x_n); L-BFGS needs no inner and outer loop as EM does.
    """
    from scipy.optimize import minimize
    from scipy.special import expit, log_expit, logsumexp

    people, items, labels = len(votes.annotators), len(votes.items), len(votes.labels)
    others = np.log(max(1, labels - 1))

    def parts(point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        ability, easy = point[:people][votes.annotator], np.exp(point[people:])[votes.item]
        x = ability * easy
        return ability, easy, x, evidence(votes, x + others)  # log odds of the label given against any other

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        _, easy, x, weight = parts(point)
        found = logsumexp(weight, axis=1).sum() + (log_expit(-x) - others).sum()
        away = point - 1
        by_x = softmax(weight)[votes.item, votes.label] - expit(x)
        slope = np.concatenate(
            [np.bincount(votes.annotator, by_x * easy, people), np.bincount(votes.item, by_x * x, items)]
        )
        return float(away @ away / 2 - found), away - slope

    best = minimize(
        loss,
        np.ones(people + items),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": rounds, "ftol": tol * 1e-3},
    ).x
    ability, easy = best[:people], np.exp(best[people:])

    def chance(item: np.ndarray, annotator: np.ndarray, label: np.ndarray) -> np.ndarray:
        right = expit(ability[annotator] * easy[item])[:, None]
        found: np.ndarray = np.where(
            label[:, None] == np.arange(labels), right, (1 - right) / max(1, labels - 1)
        )
        return found

    mean = expit(ability * (np.exp(np.mean(best[people:])) if items else 1.0))[:, None, None]
    confusion = np.where(np.eye(labels, dtype=bool), mean, (1 - mean) / max(1, labels - 1))
    return Fit(softmax(parts(best)[3]), confusion, chance)
