"""How long a person waits: from a key going down to the next item on the screen, with a slow network behind it."""

from __future__ import annotations

import pytest

from benchmarks.page import delay_network, digits, measure

pytestmark = pytest.mark.browser

LIMIT = 30  # ms, 95 of 100


def test_the_next_text_is_painted_within_30_ms(letters, enter):
    quick(enter(letters, "quick"))


def test_the_next_image_is_painted_within_30_ms(project, enter):
    quick(enter(project(*digits(200))))


def quick(ann):
    delay_network(ann.page, 500)
    times = measure(ann.page, keys="12", presses=40, pause=250)
    assert len(times) == 40
    times.sort()
    # Other work on this machine may disturb some presses: the median says what the page itself takes.
    assert times[20] <= LIMIT / 2
    assert times[37] <= LIMIT
