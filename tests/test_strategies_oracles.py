"""The fast code against the slow and obvious: every formula written out with loops, on at most 30 items."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asklearn import strategies
from asklearn.loops import centres, heads, herding
from asklearn.scores.bayes import bald, epig
from asklearn.scores.change import (
    expected_error_reduction,
    expected_gradient_length,
    expected_model_change,
)
from asklearn.scores.committee import consensus_kl, flips, mean_std, variation_ratio, vote_entropy
from asklearn.scores.density import density
from asklearn.scores.uncertainty import entropy, expected_cost, margin
from asklearn.scores.units import average, binary, highest
from asklearn.strategies.bayes import batch_bald
from asklearn.strategies.choice import pick
from asklearn.strategies.coverage import k_means, typiclust
from asklearn.strategies.gradient import badge, bait
from asklearn.strategies.herding import ball, cover, fixed, gauss, half, shrinking, tent
from asklearn.strategies.numbers import igs, lcmd
from asklearn.strategies.objectives import front
from asklearn.view import Labelled, View

MANY = 25


def rng(seed=0):
    return np.random.default_rng(seed)


def points(seed, n=30, d=4):
    return rng(seed).normal(size=(n, d))


def proba(seed, n=30, classes=3):
    return rng(seed).dirichlet(np.ones(classes), size=n)


def posterior(seed, n=30, k=5, classes=3):
    return rng(seed).dirichlet(np.ones(classes) * 0.5, size=(n, k))


def view(n, seed=0, **given):
    return View(n=n, rng=rng(seed), **given)


def xlogx(p):
    return np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0)


def gradients(p, z):
    q = p.copy()
    q[np.arange(len(q)), q.argmax(1)] -= 1
    return np.array([np.outer(a, b).ravel() for a, b in zip(q, z, strict=True)])


# --- scores --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_bald_and_consensus_kl(seed):
    draws = posterior(seed)
    draws[0, :, :] = [1, 0, 0]
    slow = []
    for item in draws:
        mean = item.mean(0)
        slow.append(
            np.mean([sum(p * np.log(p / m) for p, m in zip(w, mean, strict=True) if p > 0) for w in item])
        )
    assert bald(draws) == pytest.approx(slow, abs=1e-12)
    assert consensus_kl(draws) == pytest.approx(slow, abs=1e-12)
    assert bald(draws.astype(np.float32)) == pytest.approx(slow, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_votes(seed):
    draws = posterior(seed)
    for item, h, v, s in zip(
        draws, vote_entropy(draws), variation_ratio(draws), mean_std(draws), strict=True
    ):
        share = np.bincount(item.argmax(1), minlength=3) / len(item)
        assert h == pytest.approx(-xlogx(share).sum())
        assert v == pytest.approx(1 - share.max())
        assert s == pytest.approx(np.mean([item[:, c].std() for c in range(3)]))
    p = proba(seed)
    assert flips(p, draws) == pytest.approx(
        [(w.argmax(1) != q.argmax()).mean() for w, q in zip(draws, p, strict=True)]
    )


@pytest.mark.parametrize("seed", range(3))
def test_epig(seed):
    draws = posterior(seed, n=12)
    slow = np.zeros(12)
    for x in range(12):
        for target in range(12):
            joint = sum(np.outer(draws[x, k], draws[target, k]) for k in range(5)) / 5
            apart = np.outer(draws[x].mean(0), draws[target].mean(0))
            slow[x] += (joint * np.log(joint / apart)).sum() / 12
    assert epig(targets=12)(draws, rng()) == pytest.approx(slow, abs=1e-12)


def test_expected_gradient_length():
    p, z = proba(1), points(2)
    slow = [
        sum(pc * np.linalg.norm(np.outer(pi - e, zi)) for pc, e in zip(pi, np.eye(3), strict=True))
        for pi, zi in zip(p, z, strict=True)
    ]
    assert expected_gradient_length(p, z) == pytest.approx(slow)
    members = rng(0).normal(size=200_000)
    assert expected_model_change(np.array([2.0]), np.array([[3.0, 4.0]]))[0] == pytest.approx(
        2 * np.abs(members).mean() * 5, rel=0.01
    )


def test_expected_error_reduction():
    p, z = proba(3, n=8), np.c_[points(4, n=8), np.ones(8)]
    known = Labelled(points(5, n=6), None, proba(6, n=6))

    def curvature(q):
        return sum(x * x * (1 - x) for x in q)

    precision = np.diag([2.0] * 4 + [0.01])
    for x, q in zip(known.embedding, known.proba, strict=True):
        precision += curvature(q) * np.outer([*x, 1], [*x, 1])
    slow = np.zeros(8)
    for x in range(8):
        with_x = np.linalg.inv(precision + curvature(p[x]) * np.outer(z[x], z[x]))
        for y in range(3):
            after = []
            for u in range(8):
                logits = np.log(p[u]) + (np.eye(3)[y] - p[x]) * (z[u] @ with_x @ z[x])
                after.append((np.exp(logits) / np.exp(logits).sum()).max())
            slow[x] += p[x, y] * np.mean(after)
    found = expected_error_reduction(ridge=2.0)(p, z[:, :4], rng(), known)
    assert found == pytest.approx(slow)


def test_the_error_expected_after_a_step_ranks_much_as_that_after_a_refit():
    from scipy.stats import spearmanr
    from sklearn.datasets import make_blobs
    from sklearn.linear_model import LogisticRegression

    agreed = []
    for seed in range(3):
        X, y = make_blobs(45, n_features=8, centers=3, cluster_std=4.0, random_state=seed)
        X = (X - X.mean(0)) / X.std(0)
        model = LogisticRegression().fit(X[:20], y[:20])
        pool, p = X[20:], model.predict_proba(X[20:])
        slow = np.zeros(len(pool))
        for i, x in enumerate(pool):
            for c in range(3):
                refit = LogisticRegression().fit(np.r_[X[:20], x[None]], np.r_[y[:20], c])
                slow[i] += p[i, c] * refit.predict_proba(pool).max(1).mean()
        known = Labelled(X[:20], y[:20], model.predict_proba(X[:20]))
        agreed.append(spearmanr(expected_error_reduction()(p, pool, rng(), known), slow)[0])
    assert np.mean(agreed) > 0.6


def test_density_and_costs():
    z = points(0, n=10)
    apart = ((z[:, None] - z) ** 2).sum(-1)
    assert density()(z, rng()) == pytest.approx(np.exp(-apart / apart.mean()).mean(1))
    p, costs = proba(0), rng(1).random((3, 3))
    slow = [min(sum(pi[c] * costs[c, k] for c in range(3)) for k in range(3)) for pi in p]
    assert expected_cost(tuple(map(tuple, costs.tolist())))(p) == pytest.approx(slow)


def test_the_doubtful_label_wins_in_every_multilabel_reduction():
    sure_no, doubtful, sure_yes = [0.01, 0.02, 0.01], [0.45, 0.5, 0.55], [0.99, 0.98, 0.99]
    p = np.array([sure_no, doubtful, sure_yes, [0.0, 1.0, 0.0]])
    for score in (margin, entropy):
        for over in (average, highest):
            found = over(binary(score))(p)
            assert found.argmax() == 1
            each = np.array([[score(np.array([1 - q, q])) for q in row] for row in p])
            assert found == pytest.approx(each.mean(1) if over is average else each.max(1))


def test_every_head_of_a_committee_is_the_weighted_regression_it_says():
    from sklearn.linear_model import LogisticRegression

    z, codes, weight = points(0, n=25, d=4), rng(1).integers(3, size=25), rng(2).exponential(size=(5, 25))
    found = heads.heads(z, codes, weight, np.zeros((5, 4, 3)), variance=2.0)
    for head, w in zip(found, weight, strict=True):
        slow = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-10).fit(z, codes, sample_weight=w)
        p = np.exp(z @ head)
        assert p / p.sum(axis=1, keepdims=True) == pytest.approx(slow.predict_proba(z), abs=2e-3)
    # nothing answered, or anchors in which the answers are sure already: they stay where they are
    anchor = rng(3).normal(size=(5, 4, 3))
    assert heads.heads(z[:0], codes[:0], weight[:, :0], anchor, variance=2.0) is anchor
    sure = np.tile(np.eye(3) * 100, (2, 1, 1))
    assert heads.heads(np.eye(3), np.arange(3), weight[:2, :3], sure, 2.0) == pytest.approx(sure, abs=1e-3)


# --- coverage ------------------------------------------------------------------------------------------------------


def greedy_cover(near, covered, weight, n):
    """One after the other, the largest gain anew each time."""
    covered, found = covered.copy(), []
    for _ in range(n):
        gains = [(weight * np.maximum(row - covered, 0)).sum() for row in near]
        gains = [-1 if i in found else g for i, g in enumerate(gains)]
        found.append(int(np.argmax(gains)))
        covered = np.maximum(covered, near[found[-1]])
    return found


@pytest.mark.parametrize("seed", range(MANY))
def test_max_herding_facility_location_and_prob_cover(seed, monkeypatch):
    monkeypatch.setattr(herding, "ANEW", 1 + seed % 4)
    z, known = points(seed), points(seed + 100, n=seed % 4)
    apart = ((z[:, None] - z) ** 2).sum(-1)
    far = ((known[:, None] - z) ** 2).sum(-1)
    h2 = 2.5
    of = {
        gauss(): lambda d: np.exp(-d / h2),
        tent(): lambda d: np.maximum(1 - np.sqrt(d / h2), 0),
        ball(): lambda d: (d < h2).astype(float),
    }
    weight = proba(seed)
    for kernel, slow in of.items():
        for score in (None, margin):
            strategy = cover(weight=score, kernel=kernel, radius=fixed(h=np.sqrt(h2)))
            found = pick(strategy, view(8, embedding=z, labelled=Labelled(known), proba=weight))
            w = np.ones(30) if score is None else margin(weight)
            covered = slow(far).max(0, initial=0)
            if kernel == gauss() and score:
                assert found.tolist() == greedy_cover(slow(apart), covered, w, 8)
            # elsewhere many gains are equal and any of them is right: compare what is gained step by step
            gains = strategies.choose(
                strategy, view(8, embedding=z, labelled=Labelled(known), proba=weight)
            ).scores
            for step, at in enumerate(found):
                left = [(w * np.maximum(row - covered, 0)).sum() for row in slow(apart)]
                assert gains[step] == pytest.approx(max(left)) == pytest.approx(left[at])
                covered = np.maximum(covered, slow(apart)[at])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("h", [0.8, 2.0])
def test_cover_falls_as_far_as_wanted_at_the_median_distance(seed, h):
    z, known = points(seed), points(seed + 100, n=3)
    apart = ((z[:, None] - z) ** 2).sum(-1) / h**2
    power = np.clip(np.log(6.0) / np.log(np.median(apart)), 1, 12)
    slow = np.exp(-(apart**power))
    covered = np.exp(-((((known[:, None] - z) ** 2).sum(-1) / h**2) ** power)).max(0)
    strategy = cover(radius=fixed(h=h), falls=6.0)
    found = strategies.choose(strategy, view(6, embedding=z, labelled=Labelled(known)))
    for at, gained in zip(found.positions, found.scores, strict=True):  # several may gain the same
        left = np.maximum(slow - covered, 0).sum(1)
        assert gained == pytest.approx(left.max()) == pytest.approx(left[at])
        covered = np.maximum(covered, slow[at])


def test_prob_cover_takes_the_edges_of_covered_items_away():
    z = np.repeat(np.arange(5.0) * 10, [9, 8, 7, 6, 5])[:, None] + 0.01 * rng(0).normal(size=(35, 1))
    found = pick(cover(kernel=ball(), radius=fixed(h=1.0)), view(5, embedding=z))
    assert [round(z[i, 0] / 10) for i in found] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(5))
def test_radii(seed):
    z, known = points(seed), points(seed + 50, n=4)
    apart = ((z[:, None] - z) ** 2).sum(-1)
    seen = view(3, embedding=z)
    from asklearn.strategies.herding import Ground, closest, diameter, pure

    ground = Ground(z, known)
    far = ((known[:, None] - z) ** 2).sum(-1).min(0)
    assert half().squared(ground, seen) == pytest.approx(np.median(far))
    rank = round(30 / (4 * 7))
    assert shrinking().squared(ground, seen) == pytest.approx(np.median(np.sort(apart, axis=1)[:, rank]))
    between = ((known[:, None] - known) ** 2).sum(-1)
    assert closest().squared(ground, seen) == pytest.approx(between[between > 0].min())
    assert diameter().squared(ground, seen) >= apart.max()
    assert pure(share=0.5).squared(ground, seen) > 0
    locally = Ground(z, known, local=1.0)
    reach = np.sqrt(np.sort(apart, axis=1)[:, 20])
    assert locally.away(z) == pytest.approx(apart / np.outer(reach, reach) * reach.mean() ** 2)


@pytest.mark.parametrize("seed", range(MANY))
def test_k_center(seed, monkeypatch):
    monkeypatch.setattr(centres, "ACTIVE", 1 + seed % 7)
    z, known = points(seed), points(seed + 100, n=1 + seed % 3)
    far, slow = ((z[:, None] - known) ** 2).sum(-1).min(1), []
    for _ in range(10):
        slow.append(int(np.argmax(far)))
        far = np.minimum(far, ((z - z[slow[-1]]) ** 2).sum(1))
    assert pick(strategies.get("k_center"), view(10, embedding=z, labelled=Labelled(known))).tolist() == slow
    start = pick(strategies.get("k_center"), view(2, embedding=z)).tolist()
    assert start[0] == np.argmin(((z - z.mean(0)) ** 2).sum(1))
    assert start[1] == np.argmax(((z - z[start[0]]) ** 2).sum(1))


@pytest.mark.parametrize("seed", range(5))
def test_typiclust_takes_the_most_typical_of_the_largest_uncovered_clusters(seed):
    # clusters far apart, so that there is no doubt which is which
    sizes = [12, 9, 7, 2]
    z = np.concatenate([100 * i + rng(seed + i).normal(size=(m, 3)) for i, m in enumerate(sizes)])
    where = np.repeat(np.arange(4), sizes)
    known = np.full((1, 3), 100.0)  # the second cluster is covered
    found = pick(typiclust(), view(3, embedding=z, labelled=Labelled(known), seed=seed))
    # 4 clusters; the fourth has 2 items and is left out while others are open
    assert where[found].tolist()[:2] == [0, 2]
    for at in found[:2]:
        mine = z[where == where[at]]
        m = len(mine)
        apart = np.sort(np.sqrt(((mine[:, None] - mine) ** 2).sum(-1)), axis=1)[:, 1:]
        typical = 1 / apart[:, : min(20, m // 2)].mean(1)
        assert np.flatnonzero(where == where[at])[typical.argmax()] == at


def test_k_means_finds_what_is_nearest_to_the_middle_of_each_blob():
    z = np.concatenate([10 * i + rng(i).normal(size=(10, 2)) for i in range(3)])
    found = np.sort(pick(k_means(), view(3, embedding=z)))
    for blob, at in enumerate(found):
        mine = z[10 * blob : 10 * blob + 10]
        assert at == 10 * blob + np.argmin(((mine - mine.mean(0)) ** 2).sum(1))
    # what is labelled holds the first blob
    found = pick(k_means(), view(2, embedding=z, labelled=Labelled(z[:10].mean(0)[None])))
    assert sorted(i // 10 for i in found) == [1, 2]


# --- gradients and batches -----------------------------------------------------------------------------------------


def test_badge_draws_by_squared_distance_of_the_gradients_written_out():
    n, batch, times = 6, 3, 10_000
    p, z = proba(7, n=n), points(8, n=n)
    g = gradients(p, z)
    apart = ((g[:, None] - g) ** 2).sum(-1)
    start = int(np.argmax((g**2).sum(1)))
    chance = {}
    for second, third in permutations([i for i in range(n) if i != start], 2):
        first_step = apart[start] / apart[start].sum()
        both = np.minimum(apart[start], apart[second])
        chance[start, second, third] = first_step[second] * both[third] / both.sum()
    assert sum(chance.values()) == pytest.approx(1)
    counts = dict.fromkeys(chance, 0)
    for seed in range(times):
        counts[tuple(view(batch, seed=seed, proba=p, embedding=z).call(badge).tolist())] += 1
    expected = np.array([chance[k] * times for k in counts])
    statistic = ((np.array(list(counts.values())) - expected) ** 2 / expected).sum()
    assert statistic < 45  # chi-square with 19 degrees of freedom: 43.8 is passed once in 1,000


def test_badge_counts_what_is_on_its_way():
    p, z = proba(1), points(2)
    first = int(view(1, proba=p, embedding=z).call(badge)[0])
    again = Labelled(z[[first]], np.array([-1]), p[[first]])
    found = {int(view(1, seed=s, proba=p, embedding=z, labelled=again).call(badge)[0]) for s in range(50)}
    assert first not in found


def fisher(p, z, top):
    total = np.zeros((p.size * z.size,) * 2)
    for c in np.argsort(-p, kind="stable")[:top]:
        q = p.copy()
        q[c] -= 1
        g = np.outer(q, z).ravel()
        total += p[c] * np.outer(g, g)
    return total


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("top", [2, 3])
def test_bait(seed, top):
    p, z = proba(seed, n=12), points(seed + 1, n=12, d=2)
    known = Labelled(points(seed + 2, n=3, d=2), np.zeros(3, dtype=int), proba(seed + 3, n=3))
    fishers = [fisher(a, b, top) for a, b in zip(p, z, strict=True)]
    base = np.eye(6) + sum(fisher(a, b, top) for a, b in zip(known.proba, known.embedding, strict=True))
    goal = sum(fishers) / 12

    def left(batch):
        return np.trace(np.linalg.solve(base + sum((fishers[i] for i in batch), np.zeros((6, 6))), goal))

    slow = []
    while len(slow) < 6:
        slow.append(min((i for i in range(12) if i not in slow), key=lambda i: left([*slow, i])))
    while len(slow) > 3:
        slow.remove(min(slow, key=lambda i: left([j for j in slow if j != i])))
    found = pick(bait(classes=top), view(3, proba=p, embedding=z, labelled=known))
    assert found.tolist() == slow


def test_the_sketch_of_bait_keeps_inner_products():
    p, z = proba(0, n=40, classes=6), points(1, n=40, d=100)
    strategy = bait(classes=2, sketch=512)
    u = strategy._factors(p, z, strategy._signs(6, 100, rng(0))).reshape(512, -1)
    exact = bait(classes=2, sketch=600)._factors(p, z, None).reshape(600, -1)
    assert np.corrcoef((u.T @ u).ravel(), (exact.T @ exact).ravel())[0, 1] > 0.9


def joint_information(draws, batch):
    k = draws.shape[1]
    together = 0.0
    for answers in product(range(draws.shape[2]), repeat=len(batch)):
        p = np.mean(
            [np.prod([draws[i, w, y] for i, y in zip(batch, answers, strict=True)]) for w in range(k)]
        )
        together -= xlogx(np.array(p))
    return together + sum(xlogx(draws[i]).sum() / k for i in batch)


@pytest.mark.parametrize("seed", range(5))
def test_batch_bald_gains_joint_information_greedily(seed):
    draws = posterior(seed, n=10)
    choice = strategies.choose(batch_bald(), view(4, draws=draws))
    batch = []
    for at, score in zip(choice.positions, choice.scores, strict=True):
        gains = [-1 if i in batch else joint_information(draws, [*batch, i]) for i in range(10)]
        assert at == np.argmax(gains)
        assert score == pytest.approx(max(gains) - joint_information(draws, batch), abs=1e-9)
        batch.append(int(at))


def test_batch_bald_does_not_ask_for_copies_and_stops_at_ten():
    draws = np.repeat(posterior(3, n=8, k=20), 5, axis=0)
    assert len({i // 5 for i in pick(batch_bald(), view(4, draws=draws))}) == 4
    assert len(pick(batch_bald(), view(25, draws=posterior(1)))) == 10


def test_two_seeds_of_batch_bald_agree_when_answers_are_drawn():
    z, heads = points(5, n=300, d=10), rng(6).normal(size=(10, 10)) + 0.3 * rng(7).normal(size=(20, 10, 10))
    draws = np.exp(np.einsum("nd,kdc->nkc", z, heads))
    draws /= draws.sum(-1, keepdims=True)
    batches = [set(pick(batch_bald(), view(10, seed=s, draws=draws)).tolist()) for s in range(6)]
    shared = [len(a & b) for i, a in enumerate(batches) for b in batches[:i]]
    assert np.mean(shared) >= 8


@pytest.mark.parametrize("seed", range(MANY))
def test_lcmd(seed):
    z, known = points(seed), points(seed + 100, n=1 + seed % 3)
    around = [*known]
    for at in pick(lcmd, view(8, embedding=z, labelled=Labelled(known))):
        apart = np.array([[((x - c) ** 2).sum() for c in around] for x in z])
        cluster, far = apart.argmin(1), apart.min(1)
        largest = np.argmax([far[cluster == c].sum() for c in range(len(around))])
        assert at == np.argmax(np.where(cluster == largest, far, -1))
        around.append(z[at])


@pytest.mark.parametrize("seed", range(5))
def test_igs(seed):
    z, mean, known, y = (
        points(seed),
        rng(seed).normal(size=30),
        points(seed + 9, n=3),
        np.array([0.5, -1.0, np.nan]),
    )
    around = [(known[0], 0.5), (known[1], -1.0)]
    chosen = []
    for at in pick(igs, view(6, embedding=z, mean=mean, labelled=Labelled(known, y))):
        score = [
            -1 if i in chosen else min(np.linalg.norm(x - c) * abs(m - v) for c, v in around)
            for i, (x, m) in enumerate(zip(z, mean, strict=True))
        ]
        assert at == np.argmax(score)
        chosen.append(int(at))
        around.append((z[at], mean[at]))


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_front(rows):
    values = np.array(rows, dtype=float)
    slow = [
        i
        for i, a in enumerate(rows)
        if not any(b != a and all(x >= y for x, y in zip(b, a, strict=True)) for b in rows)
    ]
    assert front(values).tolist() == slow
