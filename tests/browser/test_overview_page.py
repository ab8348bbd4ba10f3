"""The overview at the page: by its key, from the keyboard, with pictures that are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from serving import Server

pytestmark = pytest.mark.browser


def test_the_overview_opens_by_its_key_tells_and_goes_away(
    letters: Server, enter: Callable[..., Any]
) -> None:
    ann = enter(letters, "looks")
    page = ann.page
    ann.decide("1", "2")
    page.keyboard.press("d")
    cards = page.locator("#view-overview .cards section")
    expect(cards).to_have_count(7)
    assert page.url.endswith("#overview")
    expect(cards.filter(has_text="Does what is asked follow the score?")).to_be_visible()
    expect(cards.filter(has_text="Pace")).to_contain_text("in the last hour")
    assert cards.locator("table").count() == 0  # what each person does is for reviewers
    picture = cards.filter(has_text="Quality").locator("img")
    expect(picture).to_have_attribute("alt", "Learning curve with its interval")
    page.wait_for_function(
        "() => [...document.querySelectorAll('img.chart')].every((each) => each.naturalWidth > 0)"
    )
    page.keyboard.press("Escape")
    expect(page.locator("#item")).to_be_focused()
    ann.decide("1")  # labelling goes on where it stood
