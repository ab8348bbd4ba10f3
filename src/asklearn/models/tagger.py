"""Passages of a text: a linear model of its tokens, and the likeliest legal reading of the whole.

Tags are O (outside), B-label (a passage begins) and I-label (it goes on). What a token is depends on itself and its
neighbours; that I-label follows only B-label or I-label of the same label is kept by the sums over all legal readings
(a chain without learned transitions): every probability here is the share of the legal ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from asklearn.features.text import checked
from asklearn.features.tokens import HASHED, TOKENIZER, WINDOW, Tokens, cut, words_in_numbers
from asklearn.models.temperature import LEAST, UNSEEN, log_softmax, sharpness

C = 5.0  # strength of the logistic regression
FOLDS = 3  # one of them is left out to judge by
PLAIN = 0.98  # the probability from which on a token is plainly what it is
OFTEN = 2000  # tokens from which on what is true of one of them only is left out
BLOCK = 100_000  # tokens whose readings are summed up at a time
NEVER = -1e30  # log probability of what is not legal

Span = dict[str, Any]  # {"start", "end", "label"}: code points of the text, end exclusive


@dataclass(frozen=True, eq=False)
class Readings:
    """What is said of some texts. Tags are 0 for O, then 1 + 2 k for B and 2 + 2 k for I of label k.

    tags (texts, tags): the least certain token's, by the legal readings; whole (texts,): the probability of the
    likeliest reading. Its passages stand one after the other, from `first` (texts + 1,) of each text: `start` and `end`
    (code points), `label` (its number) and `chance` (that exactly this passage is one).
    """

    tags: np.ndarray
    whole: np.ndarray
    first: np.ndarray
    start: np.ndarray
    end: np.ndarray
    label: np.ndarray
    chance: np.ndarray


class Tagger(BaseEstimator):  # type: ignore[misc]
    """Finds passages of texts, after a few labelled texts.

    Logistic regression of each token's tag on hashed looks of the words in a window of five; how sharp its
    probabilities are is chosen on texts left out, once enough tokens can be judged.

    >>> texts = ["Ann lives in Oslo", "in Rome lives Bob", "Eve was in Paris"] * 4
    >>> spans = [[{"start": 13, "end": 17, "label": "place"}], [{"start": 3, "end": 7, "label": "place"}],
    ...          [{"start": 11, "end": 16, "label": "place"}]] * 4
    >>> Tagger().fit(texts, spans).predict(["Max is in Madrid"])
    [[{'start': 10, 'end': 16, 'label': 'place'}]]
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """X: texts; y: a list of spans each. Raises `DataError` for what is no text."""
        cutting = cut(checked(X))
        self.tokenizer_ = TOKENIZER
        self.labels_ = sorted({span["label"] for spans in y for span in spans}, key=str)
        tags = np.concatenate([np.zeros(0, dtype=np.intp), *_tagged(cutting, y, self.labels_)])
        text = np.repeat(np.arange(len(y)), cutting.lengths)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        matrix, self.columns_ = _seen(cutting)
        self.seen_ = np.unique(tags)
        if len(self.seen_) < 2:  # every token is alike so far
            self.coef_ = np.zeros((len(self.columns_), len(self.seen_)))
            self.intercept_, self.sharpness_ = np.zeros(len(self.seen_)), 1.0
            return self
        self.sharpness_ = _sharpness(matrix, tags, text % FOLDS, weight[text])
        self.coef_, self.intercept_ = _solved(matrix, tags, weight[text])
        return self

    def predict(self, X: Any) -> list[list[Span]]:
        """The spans of each text."""
        found = self.read(X, self.labels_)
        return [
            [
                {
                    "start": int(found.start[i]),
                    "end": int(found.end[i]),
                    "label": self.labels_[found.label[i]],
                }
                for i in range(found.first[k], found.first[k + 1])
            ]
            for k in range(len(found.whole))
        ]

    def read(self, X: Any, labels: Sequence[Any]) -> Readings:
        """What it says of these texts, labels numbered as they stand in `labels`."""
        check_is_fitted(self)
        cutting = cut(checked(X))
        logs = self._logs(cutting, labels)
        parts = [_read(logs, cutting, texts) for texts in _batches(cutting)]
        return _joined(parts, len(cutting.first) - 1, logs.shape[1])

    def _logs(self, cutting: Tokens, labels: Sequence[Any]) -> np.ndarray:
        """(tokens, tags) log probability of each token's tag, by itself."""
        scores = np.zeros((len(cutting.place), len(self.seen_)))
        looks = words_in_numbers(cutting.words)
        for k, offset in enumerate(WINDOW):
            own = (self.columns_ // HASHED) == k
            known = looks[:, self.columns_[own] % HASHED] @ self.coef_[own]
            scores += known[cutting.word[cutting.place + offset]]
        found = np.full((len(scores), 1 + 2 * len(labels)), NEVER)
        place = {(type(label), label): k for k, label in enumerate(labels)}
        columns = [
            0 if tag == 0 else 2 * place[type(name := self.labels_[(tag - 1) // 2]), name] + 2 - tag % 2
            for tag in self.seen_.tolist()
        ]
        found[:, columns] = log_softmax((scores + self.intercept_) * self.sharpness_)
        return found


def _tagged(cutting: Tokens, y: Sequence[Sequence[Span]], labels: Sequence[Any]) -> Iterator[np.ndarray]:
    """The tags of each text's tokens: of those that a span touches the first is B, the others I."""
    number = {label: k for k, label in enumerate(labels)}
    for k, spans in enumerate(y):
        part = slice(cutting.first[k], cutting.first[k + 1])
        start, end = cutting.start[part], cutting.end[part]
        tags = np.zeros(len(start), dtype=np.intp)
        for span in spans:
            inside = np.flatnonzero((end > span["start"]) & (start < span["end"]) & (tags == 0))
            if len(inside):
                tags[inside] = 2 + 2 * number[span["label"]]
                tags[inside[0]] -= 1
        yield tags


def _seen(cutting: Tokens) -> tuple[Any, np.ndarray]:
    """csr (tokens, columns) of those columns of the window's that say anything here, and which these are."""
    from scipy import sparse

    looks = words_in_numbers(cutting.words)
    window = [looks[cutting.word[cutting.place + offset]] for offset in WINDOW]
    whole = sparse.hstack(window, format="csc")
    columns = np.flatnonzero(np.diff(whole.indptr) > (whole.shape[0] > OFTEN))
    return whole[:, columns].tocsr(), columns


def _solved(matrix: Any, tags: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(columns, tags) and (tags,): a score for every tag that occurs."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=C, max_iter=100, tol=1e-3).fit(matrix, tags, sample_weight=weight)
    if len(model.classes_) > 2:
        return model.coef_.T, model.intercept_
    return np.column_stack([np.zeros(matrix.shape[1]), model.coef_[0]]), np.append(0.0, model.intercept_)


def _sharpness(matrix: Any, tags: np.ndarray, fold: np.ndarray, weight: np.ndarray) -> float:
    """By how much probabilities are to be sharpened or softened for tokens of texts that were left out."""
    codes = np.unique(tags, return_inverse=True)[1]
    scores = np.full((len(tags), codes.max() + 1), UNSEEN)
    ask = fold == 0
    known = np.unique(codes[~ask])
    if len(known) > 1:
        coef, intercept = _solved(matrix[~ask], codes[~ask], weight[~ask])
        scores[np.ix_(ask, known)] = matrix[ask] @ coef + intercept
    judged = scores[np.arange(len(codes)), codes] > UNSEEN  # a tag seen elsewhere too
    # Nearly all tokens are outside, and plainly so: how sharp those are seen says nothing of passages.
    likely = np.exp(log_softmax(scores)).max(axis=1)
    judged &= (likely < PLAIN) | (tags > 0)
    if judged.sum() < LEAST or len(np.unique(codes[judged])) < 2:
        return 1.0
    return sharpness(scores[judged], codes[judged], weight[judged])[0]


def _batches(cutting: Tokens) -> Iterator[np.ndarray]:
    """Numbers of texts with tokens, those of like lengths together, up to BLOCK tokens with padding."""
    lengths = cutting.lengths
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        size = np.arange(1, len(order) + 1) * lengths[order]
        count = max(1, int(np.searchsorted(size, BLOCK, "right")))
        yield order[:count]
        order = order[count:]


def _read(logs: np.ndarray, cutting: Tokens, texts: np.ndarray) -> tuple[np.ndarray, ...]:
    """(texts, tags, whole, and of every passage: its text, start, end, label, chance)."""
    lengths = cutting.lengths[texts]
    s = _padded(logs, cutting.first[texts], lengths)
    forward, backward, stopped = _forward(s), *_backward(s, lengths)
    rows, last = np.arange(len(texts)), lengths - 1
    total = _sum(forward[rows, last])
    gamma = forward + backward - total[:, None, None]
    likely = np.where(np.arange(s.shape[1]) < lengths[:, None], gamma.max(axis=2), 1.0)
    doubtful = likely.argmin(axis=1)
    tags = np.exp(gamma[rows, doubtful])
    tags /= tags.sum(axis=1, keepdims=True)
    best, path = _best(s, lengths)
    found = []
    for i in np.flatnonzero((path > 0).any(axis=1)):
        for begin in np.flatnonzero(path[i] % 2 == 1):
            inside = path[i, begin] + 1
            end = begin + 1
            while end < lengths[i] and path[i, end] == inside:
                end += 1
            chance = forward[i, begin, path[i, begin]] + s[i, begin + 1 : end, inside].sum()
            chance += stopped[i, end - 1] - total[i]
            at = cutting.first[texts[i]]
            found.append(
                (
                    texts[i],
                    cutting.start[at + begin],
                    cutting.end[at + end - 1],
                    inside // 2 - 1,
                    np.exp(min(chance, 0.0)),
                )
            )
    spans = np.array(found, dtype=float).reshape(-1, 5).T
    return texts, tags, np.exp(np.minimum(best - total, 0.0)), *spans


def _padded(logs: np.ndarray, first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(texts, longest, tags): after its end a text is O for certain."""
    s = np.full((len(first), lengths.max(), logs.shape[1]), NEVER)
    s[:, :, 0] = 0.0
    inside = np.arange(s.shape[1]) < lengths[:, None]
    s[inside] = logs[np.concatenate([np.arange(a, a + n) for a, n in zip(first, lengths, strict=True)])]
    s[:, 0, 2::2] = NEVER  # nothing goes on that has not begun
    return s


def _forward(s: np.ndarray) -> np.ndarray:
    """Log of the sum over legal readings up to each token that end in each tag."""
    found = s.copy()
    for t in range(1, s.shape[1]):
        before = found[:, t - 1]
        found[:, t] += _sum(before)[:, None]
        found[:, t, 2::2] = s[:, t, 2::2] + np.logaddexp(before[:, 1::2], before[:, 2::2])
    return found


def _backward(s: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log of the sum over legal readings after each token and tag, and of those in which no passage goes on there."""
    found, stopped = np.zeros_like(s), np.zeros(s.shape[:2])
    for t in range(s.shape[1] - 2, -1, -1):
        after = s[:, t + 1] + found[:, t + 1]
        goes_on = after[:, 2::2]
        ends = _sum(np.delete(after, np.s_[2::2], axis=1))
        inside = t + 1 < lengths
        stopped[:, t] = np.where(inside, ends, 0.0)
        found[:, t] = stopped[:, t, None]
        for tags in (np.s_[1::2], np.s_[2::2]):
            more = np.logaddexp(ends[:, None], goes_on)
            found[:, t, tags] = np.where(inside[:, None], more, 0.0)
    return found, stopped


def _best(s: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(texts,) log probability of the likeliest legal reading, and (texts, longest) its tags (Viterbi 1967)."""
    score, came = s[:, 0], np.zeros(s.shape, dtype=np.intp)
    for t in range(1, s.shape[1]):
        best = score.argmax(axis=1)
        came[:, t] = best[:, None]
        now = s[:, t] + score.max(axis=1)[:, None]
        begun = score[:, 1::2] >= score[:, 2::2]
        came[:, t, 2::2] = np.where(begun, 1, 2) + 2 * np.arange(begun.shape[1])
        now[:, 2::2] = s[:, t, 2::2] + np.maximum(score[:, 1::2], score[:, 2::2])
        score = now
    path = np.zeros(s.shape[:2], dtype=np.intp)
    rows = np.arange(len(s))
    path[:, -1] = score.argmax(axis=1)
    for t in range(s.shape[1] - 1, 0, -1):
        path[:, t - 1] = came[rows, t, path[:, t]]
    return score.max(axis=1), path


def _sum(logs: np.ndarray) -> np.ndarray:
    """Log of the sum over the last axis."""
    most = logs.max(axis=-1)
    found: np.ndarray = most + np.log(np.exp(logs - most[..., None]).sum(axis=-1))
    return found


def _joined(parts: Sequence[tuple[np.ndarray, ...]], texts: int, tags: int) -> Readings:
    """All batches in the order of the texts; one without tokens has no passage, for certain."""
    table, whole = np.zeros((texts, tags)), np.ones(texts)
    table[:, 0] = 1.0
    spans = [np.empty((5, 0))]
    for numbers, seen, chance, *found in parts:
        table[numbers], whole[numbers] = seen, chance
        spans.append(np.array(found))
    joined = np.concatenate(spans, axis=1)
    joined = joined[:, np.lexsort(joined[1::-1])]  # by text, then by where they begin
    first = np.searchsorted(joined[0], np.arange(texts + 1))
    start, end, label = joined[1:4].astype(np.intp)
    return Readings(table, whole, first, start, end, label, joined[4])
