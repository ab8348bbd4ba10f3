"""Every annotator knows the label or, with some chance, says it without looking (MACE, Hovy et al. 2013)."""

from __future__ import annotations

import numpy as np

from asklearn.people.tally import Fit, evidence, per_annotator, plain, shares, softmax
from asklearn.people.votes import Votes

KNOWS = 0.5  # of the Beta prior on how often an annotator looks, as published
HABIT = 10.0  # of the Dirichlet prior on what is said without looking, as published


def mace(votes: Votes, *, rounds: int = 200, tol: float = 1e-5) -> Fit:
    """Variational Bayes of how often each annotator looks, t_j, and what is said otherwise, h_j.

        p(l | z = c, j) = t_j [l = c] + (1 - t_j) h_j(l),   any c as likely beforehand

    A round takes p(z_i) and the chance k_n = p(z_i = l_n) t / (t + (1 - t) h(l)) that the answer was looked for, then
    t_j ~ exp(psi(sum k_n + 1/2)), 1 - t_j ~ exp(psi(sum (1 - k_n) + 1/2)), h_j(l) ~ exp(psi(sum (1 - k_n) [l_n = l]
    + 10)). Begins where the votes' shares say; no random starts. Ends when no chance moves by more than `tol`.
    """
    from scipy.special import digamma

    labels = len(votes.labels)

    def mean(counts: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.exp(digamma(counts) - digamma(counts.sum(axis=-1, keepdims=True)))
        return found

    def counts(knew: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        looked, not_looked = per_annotator(votes, knew).sum(axis=1), per_annotator(votes, 1 - knew)
        return np.column_stack([looked, not_looked.sum(axis=1)]) + KNOWS, not_looked + HABIT

    proba = shares(votes)
    knew = proba[votes.item, votes.label]
    for _ in range(rounds):
        before = proba
        look, habit = map(mean, counts(knew))
        blind = look[votes.annotator, 1] * habit[votes.annotator, votes.label]
        seen = look[votes.annotator, 0]
        proba = softmax(evidence(votes, np.log1p(seen / blind)))
        knew = proba[votes.item, votes.label] * seen / (seen + blind)
        if np.abs(proba - before).max(initial=0.0) <= tol:
            break
    look, habit = (found / found.sum(axis=-1, keepdims=True) for found in counts(knew))
    return plain(proba, look[:, :1, None] * np.eye(labels) + look[:, 1:, None] * habit[:, None, :])
