"""How long a person waits: from a key going down to the next item on the screen, with a slow network behind it."""

from __future__ import annotations

import pytest

from benchmarks.page import delay_network, digits, measure

pytestmark = pytest.mark.browser

LIMIT = 30  # ms, 95 of 100
NETWORK = 500  # ms that every request waits


def test_the_next_text_does_not_wait_for_the_network(letters, enter):
    times = waits(enter(letters, "quick"), 9)
    assert times[len(times) // 2] < NETWORK / 2  # on a busy machine too


@pytest.mark.slow
def test_the_next_text_is_painted_within_30_ms(letters, enter):
    assert waits(enter(letters, "quick"), 40)[37] <= LIMIT


@pytest.mark.slow
def test_the_next_image_is_painted_within_30_ms(project, enter):
    assert waits(enter(project(*digits(200))), 40)[37] <= LIMIT


def waits(ann, presses):
    """Milliseconds from key to paint, sorted."""
    delay_network(ann.page, NETWORK)
    times = measure(ann.page, keys="12", presses=presses, pause=250)
    assert len(times) == presses
    return sorted(times)
