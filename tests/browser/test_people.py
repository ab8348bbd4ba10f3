"""People come in by invitations, and somebody manages them at the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from serving import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(letters: Server, chromium: Browser) -> Iterator[Page]:
    status, said = letters.ask("POST", "/api/v1/tickets", {"annotator": "me"}, by="owner")
    assert status == 200
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(letters.url + said["enter"])
        expect(page.locator("#item")).to_contain_text("letter")
        page.keyboard.press("p")
        expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
        yield page


def row(page: Page, name: str) -> Locator:
    return page.locator("tr", has=page.get_by_role("cell", name=name, exact=True)).first


def test_somebody_is_invited_comes_in_is_changed_and_removed(owner: Page, chromium: Browser) -> None:
    """All of it from the keyboard, as far as it is the owner's."""
    form = owner.locator("form", has_text="Invite somebody")
    form.get_by_label("Name").press_sequentially("zoe d")  # d is no key while somebody writes
    form.get_by_label("Role").press("r")  # nor here, where it chooses
    form.get_by_label("Name").press("Enter")
    link = owner.get_by_label("For zoe d").input_value()
    assert "/join#" in link
    expect(row(owner, "zoe d")).to_contain_text("invited as reviewer")

    with chromium.new_context() as context:
        zoe = context.new_page()
        asked: list[str] = []
        zoe.on("request", lambda request: asked.append(request.url))
        zoe.goto(link)
        expect(zoe.get_by_role("button", name="Come in")).to_be_focused()
        assert zoe.url.endswith("/join")
        zoe.keyboard.press("Enter")
        expect(zoe.locator("#item")).to_contain_text("letter")
        expect(zoe.locator("#you")).to_contain_text("zoe d")
        expect(zoe.locator("#go-people")).to_have_count(0)
        assert not [url for url in asked if link.partition("#")[2] in url.partition("#")[0]]

        with chromium.new_context() as another:
            late = another.new_page()
            late.goto(link)
            late.keyboard.press("Enter")
            expect(late.locator("#said")).to_contain_text("used, withdrawn or too old")
            late.reload()
            expect(late.locator("#said")).to_contain_text("not whole")

        owner.keyboard.press("Escape")
        expect(owner.locator("#item")).to_be_visible()
        owner.keyboard.press("p")
        expect(owner.get_by_label("For zoe d")).to_have_count(0)  # it was shown once
        role = owner.get_by_label("Role of zoe d")
        expect(role).to_have_value("reviewer")
        role.focus()
        role.press("m")
        expect(owner.get_by_label("Role of zoe d")).to_be_focused()
        zoe.reload()
        expect(zoe.locator("#go-people")).to_be_visible()
        owner.get_by_label("Role of zoe d").select_option("viewer")
        expect(owner.get_by_label("Role of zoe d")).to_be_focused()
        zoe.reload()
        expect(zoe.locator("#view-overview")).to_be_visible()  # who only looks has nothing else to do
        zoe.keyboard.press("Escape")
        expect(zoe.locator("#end-title")).to_have_text("Nothing is asked of you")
        owner.on("dialog", lambda dialog: dialog.accept())
        owner.get_by_label("Remove: zoe d").press("Enter")
        expect(row(owner, "zoe d")).to_have_count(0)
        expect(owner.locator("#view-people")).to_be_focused()
        zoe.reload()
        expect(zoe.locator("body")).to_contain_text("This page opens by a link")


def test_a_token_is_shown_once_and_withdrawn(owner: Page, letters: Server) -> None:
    form = owner.locator("form", has_text="A token for a script")
    form.get_by_label("Name").fill("bot")
    form.get_by_role("button").click()
    expect(owner.get_by_role("alert").filter(has_text="given: none")).to_be_visible()
    form.get_by_label("labels").check()
    form.get_by_role("button").click()
    token = owner.get_by_label("For bot").input_value()
    bearer = {"Authorization": f"Bearer {token}", "X-Annotator": "bot"}
    assert letters.ask("GET", "/api/v1/labels", **bearer)[0] == 200
    assert letters.ask("GET", "/api/v1/status", **bearer)[0] == 403
    owner.get_by_label("Withdraw: bot").click()
    expect(row(owner, "bot")).to_have_count(0)
    assert letters.ask("GET", "/api/v1/labels", **bearer)[0] == 401
