"""What may be answered, and what several answers mean."""

from __future__ import annotations

import numpy as np
import pytest

from asklearn.errors import AnswerError, SettingError
from asklearn.tasks import classes, named


def test_labels_of_any_kind_keep_their_type():
    task = classes([0, 1.5, "three", True])
    for label in task.labels:
        assert task.check(label) is label or task.check(label) == label
        assert type(task.check(label)) is type(label)
    with pytest.raises(AnswerError):
        task.check(1)  # True is a label, 1 is not
    assert task.check(np.float64(1.5)) == 1.5


def test_a_wrong_label_is_named_with_the_nearest_right_one():
    with pytest.raises(AnswerError, match=r"'spma' is not a label.*did you mean 'spam'"):
        classes(["ham", "spam"]).check("spma")


def test_text_from_a_file_finds_its_label():
    assert classes([0, 1]).parse("1") == 1
    with pytest.raises(AnswerError, match="'2'"):
        classes([0, 1]).parse("2")


@pytest.mark.parametrize("labels", [[], ["one"], ["a", "a"], [1, "1"], ["a", ""], ["a", None], ["a", ["b"]]])
def test_labels_that_make_no_choice_are_refused(labels):
    with pytest.raises(SettingError):
        classes(labels)


def test_the_majority_wins_and_a_tie_goes_to_the_first_label():
    task = classes(["ham", "spam"])
    assert task.merge({"a": "spam", "b": "spam", "c": "ham"}) == ("spam", 2 / 3)
    assert task.merge({"a": "spam", "b": "ham"}) == ("ham", 0.5)


def test_targets_are_the_labels_themselves():
    assert classes([3, 5]).encode([5, 3]).tolist() == [5, 3]
    assert classes(["a", "b"]).encode(["b"]).tolist() == ["b"]
    mixed = classes(["a", 1]).encode([1, "a"])
    assert mixed.tolist() == [1, "a"], "NumPy must not turn 1 into '1'"


def test_a_task_by_name():
    assert named("classes", ["a", "b"]) == classes(("a", "b"))
    with pytest.raises(SettingError, match="classes"):
        named("clases", ["a", "b"])
