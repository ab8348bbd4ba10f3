"""Coming in by a link, from wherever it was followed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from serving import serving

from asklearn.project import Project
from asklearn.tasks.classes import classes

pytestmark = pytest.mark.browser


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """A page of another site: `localhost` is one to 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Project([f"text {i}" for i in range(50)], classes(["ham", "spam"]), path=tmp_path / "project"):
        pass
    return tmp_path / "project"


def test_a_link_on_another_site_opens_the_page(folder: Path, chromium: Browser) -> None:
    with serving(folder) as server, elsewhere(f'<a href="{server.links["me"]}">label</a>') as site:
        page = chromium.new_page()
        page.goto(site)
        page.get_by_text("label").click()
        expect(page.locator("#item")).to_contain_text("text ")
        assert page.url == f"{server.url}/"
        page.goto(server.links["me"])  # used up, and the page says how to get another
        expect(page.locator("body")).to_contain_text("asklearn label NAME")
        page.close()


def test_another_site_can_neither_ask_nor_read_nor_show_it(folder: Path, chromium: Browser) -> None:
    attack = """
    <iframe id="frame" src="URL/"></iframe><img id="curve" src="URL/api/v1/curve.svg">
    <form id="form" action="URL/api/v1/answers" method="post" enctype="text/plain">
    <input name='[{"key":"evil","item":"' value='","label":"spam"}]'></form>
    <script>
    window.found = Promise.all([
      fetch("URL/api/v1/status", {credentials: "include"}).then((r) => r.text(), () => "refused"),
      fetch("URL/api/v1/answers", {method: "POST", credentials: "include", mode: "no-cors", body: "[]",
        headers: {"Content-Type": "text/plain"}}).then((r) => r.type, () => "refused"),
      fetch("URL/api/v1/leases", {method: "POST", credentials: "include", body: "{}",
        headers: {"Content-Type": "application/json"}}).then((r) => r.text(), () => "refused"),
    ]);
    </script>
    """
    with serving(folder) as server, elsewhere(attack.replace("URL", server.url)) as site:
        page = chromium.new_page()
        page.goto(server.links["me"])
        expect(page.locator("#item")).to_contain_text("text ")
        before = server.ask("GET", "/api/v1/events", by="owner")[1]
        page.goto(site)
        assert page.evaluate("window.found") == ["refused", "refused", "refused"]
        assert page.evaluate("document.getElementById('curve').naturalWidth") == 0
        page.evaluate("document.getElementById('form').submit()")
        expect(page.locator("body")).to_contain_text("only the page itself may ask for this")
        after = server.ask("GET", "/api/v1/events", by="owner")[1]
        assert [event for event in after[len(before) :] if event["event"] != "Released"] == []
        page.close()
