"""Answers without a connection: kept, sent when it is back, each exactly once, whatever happens in between."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Error, expect
from serving import until

pytestmark = pytest.mark.browser

NETWORK = ("Failed to load resource", "net::ERR_")  # what a browser writes when a request fails
API = "**/api/v1/**"


def cut(person) -> None:
    """Nothing gets through any more; the page itself can still be loaded."""
    person.expected = NETWORK
    person.page.route(API, lambda route: route.abort("internetdisconnected"))


def mend(person) -> None:
    person.page.unroute(API)
    person.page.evaluate("dispatchEvent(new Event('online'))")


def take_along(person) -> None:
    person.press("?")
    person.page.get_by_text("Take 200 questions along").click()
    until(lambda: person.holds() >= 200)
    person.page.wait_for_timeout(300)


def label(person, n: int) -> list[tuple[str, str]]:
    """n answers as fast as the page takes them; (text, label) of each."""
    given = []
    for i in range(n):
        text = person.item
        person.page.keyboard.press("12"[i % 2])
        given.append((text, ["ham", "spam"][i % 2]))
        person.page.wait_for_timeout(42)
    return given


@pytest.mark.slow
def test_200_answers_given_offline_arrive_exactly_once(letters, enter):
    ann = enter(letters, "offline")
    take_along(ann)
    cut(ann)
    given = label(ann, 110)
    expect(ann.page.locator("#unsent")).to_have_text("offline, 110 unsent")
    expect(ann.page.locator("#alert-text")).to_contain_text("110 answers are kept in this browser")
    ann.saved(0, of=110)

    ann.page.reload()  # with no way to the server
    expect(ann.page.locator("#alert-text")).to_contain_text("There is no answer yet")
    mend(ann)
    ann.saved(110)

    take_along(ann)
    cut(ann)
    given += label(ann, 90)
    ann.saved(110, of=200)
    assert len(ann.recorded()) == 110
    mend(ann)
    ann.saved(200)

    recorded = ann.recorded()
    assert len(recorded) == len({answer["key"] for answer in recorded}) == 200
    ids = {row["text"]: row["id"] for row in rows(ann)}
    assert len(set(given)) == 200
    assert ann.said() == [(ids[text], said) for text, said in given]  # in the order in which they were given


def rows(person) -> list[dict]:
    _, lines = person.server.ask("GET", "/api/v1/export", by="owner")
    return [json.loads(line) for line in lines.decode().splitlines()]


def test_answers_whose_acknowledgement_was_lost_count_once(letters, enter):
    ann = enter(letters, "unacknowledged")
    lost = []

    def swallow(route):
        if len(lost) < 3:
            route.fetch()  # the server saves it
            lost.append(route.request.post_data)
            route.abort("connectionreset")
        else:
            route.continue_()

    ann.expected = NETWORK
    ann.page.route("**/api/v1/answers", swallow)
    ann.decide("1", "2", "1")
    ann.saved(3)
    assert len(lost) == 3
    assert len(ann.recorded()) == 3


def test_a_crash_of_the_browser_loses_nothing(letters, enter):
    ann = enter(letters, "crash")
    cut(ann)
    label(ann, 4)
    with pytest.raises(Error, match="crash"):
        ann.page.goto("chrome://crash")
    ann.page.close()
    ann.page = ann.context.new_page()
    ann.enter()
    ann.saved(4)
    assert [label for _, label in ann.said()] == ["ham", "spam", "ham", "spam"]


def test_the_server_comes_back(project, enter):
    server = project([f"letter {i}" for i in range(60)], ["ham", "spam"])
    ann = enter(server)
    ann.expected = NETWORK
    ann.decide("1")
    ann.saved(1)
    server.kill()
    ann.decide("2", "1", "2")
    ann.saved(1, of=4)
    server.start()
    ann.page.evaluate("dispatchEvent(new Event('online'))")
    ann.saved(4)
    assert [label for _, label in ann.said()] == ["ham", "spam", "ham", "spam"]
    expect(ann.page.locator("#alert")).to_be_hidden()


def test_a_lost_session_keeps_the_answers_until_somebody_signs_in(letters, enter):
    ann = enter(letters, "session")
    ann.expected = NETWORK
    ann.decide("1")
    ann.saved(1)
    ann.context.clear_cookies()
    ann.decide("2", "1")
    expect(ann.page.locator("#alert-text")).to_contain_text("Your session is over")
    expect(ann.page.locator("#alert-text")).to_contain_text("2 answers are kept in this browser")
    expect(ann.page.locator("#unsent")).to_have_text("2 unsent")
    ann.enter(ann.context.new_page())  # the link, opened in another tab, sends them
    until(lambda: len(ann.said()) == 3)
    ann.page.evaluate("dispatchEvent(new Event('online'))")
    expect(ann.page.locator("#alert")).to_be_hidden()
    ann.saved(3)


def test_what_the_server_refuses_is_said_and_the_rest_goes_through(letters, enter):
    ann = enter(letters, "refused")
    ann.expected = NETWORK
    offline, spoilt = True, []

    def spoil(route):
        if offline:
            return route.abort("internetdisconnected")
        answers = json.loads(route.request.post_data)
        for answer in answers:
            if not spoilt and answer.get("label") == "spam":
                spoilt.append(answer["key"])
            if answer["key"] in spoilt:
                answer["label"] = "nonsense"
        return route.continue_(post_data=json.dumps(answers))

    ann.page.route("**/api/v1/answers", spoil)
    refused = ""
    for i, key in enumerate("121"):
        refused = ann.item if i == 1 else refused
        ann.decide(key)
    offline = False
    ann.page.evaluate("dispatchEvent(new Event('online'))")
    expect(ann.page.locator("#refused-count")).to_have_text("1 answer not accepted.")
    ann.saved(2, of=3)
    assert [label for _, label in ann.said()] == ["ham", "ham"]

    ann.page.locator("#refused-open").click()
    listed = ann.page.locator("#refusal-list li")
    expect(listed).to_contain_text("'nonsense' is not a label of this task")
    listed.get_by_text("Answer anew").click()
    expect(ann.page.locator("#refusals")).to_be_hidden()
    ann.shows(refused)
    expect(ann.page.locator("#refused")).to_be_hidden()
    ann.decide("1")
    ann.saved(3)
    assert [label for _, label in ann.said()] == ["ham", "ham", "ham"]


def test_a_busy_server_is_asked_again_when_it_said(letters, enter):
    ann = enter(letters, "busy")
    ann.expected = NETWORK
    tries = []

    def busy(route):
        tries.append(route.request.post_data)
        if len(tries) < 2:
            route.fulfill(status=503, headers={"Retry-After": "2"}, json={"error": {"message": "busy"}})
        else:
            route.continue_()

    ann.page.route("**/api/v1/answers", busy)
    began = ann.page.evaluate("performance.now()")
    ann.decide("1")
    expect(ann.page.locator("#alert-text")).to_contain_text("busy")
    ann.saved(1)
    assert ann.page.evaluate("performance.now()") - began >= 2000
    assert len(tries) == 2


def test_without_storage_it_warns_and_still_sends(letters, enter):
    ann = enter(letters, "storage")
    ann.page.goto("about:blank")
    ann.context.add_init_script("indexedDB.open = () => { throw new Error('no storage here'); }")
    ann.enter()
    cut(ann)
    ann.decide("1")
    expect(ann.page.locator("#alert-text")).to_contain_text("keep the page open")
    mend(ann)
    ann.saved(1)
    expect(ann.page.locator("#alert")).to_be_hidden()
    assert len(ann.said()) == 1


def test_closing_the_page_sends_what_is_waiting(letters, enter):
    ann = enter(letters, "closing")
    ann.expected = NETWORK
    slow = re.compile(r"/api/v1/answers$")
    # fetch fails, the beacon of a closing page does not
    ann.page.route(
        slow, lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_()
    )
    ann.decide("1", "2")
    ann.saved(0, of=2)
    ann.page.goto("about:blank")
    until(lambda: len(ann.said()) == 2)
    ann.page.unroute(slow)
    ann.enter()  # what the beacon brought is sent again, and counts once
    ann.saved(2)
    assert len(ann.recorded()) == 2
