"""One person at the page while others work and models are trained: what they wait for, in Chromium.

    python -m benchmarks.office [--items 10000] [--people 20] [--presses 150] [--pause 400]

A server holds the project, so many people answer once a second each over connections of their own, models follow one
another; somebody at a real browser presses keys. Printed are median, 95th percentile and worst in milliseconds: from
the key going down to the next item painted, from an answer being sent to its being acknowledged (as the browser saw
it), the same for leases, and how much of the time a fit ran. Needs `chromium` and Playwright.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.labelling import Person, Server, _crowd, make_project
from benchmarks.page import FLAGS, measure

# What the browser saw of each request, from its start to its last byte.
WATCH = """() => {
  window.requests = [];
  const seen = (list) => list.getEntries().forEach((e) => window.requests.push([e.name, e.duration]));
  new PerformanceObserver(seen).observe({ type: "resource" });
}"""


def told(name: str, values: list[float]) -> str:
    """One line of the table."""
    if not values:
        return f"{name:<28}nothing was measured"
    p50, p95 = np.percentile(values, [50, 95])
    return f"{name:<28}p50 {p50:6.1f}   p95 {p95:6.1f}   worst {max(values):6.1f}   n = {len(values)}"


def ask(server: Server, path: str, body: object = None) -> dict[str, Any]:
    """What the server answers its owner."""
    owner = {"Authorization": f"Bearer {server.secret}", "X-Annotator": "owner"}
    sent = None if body is None else json.dumps(body).encode()
    asked = Request(
        f"http://127.0.0.1:{server.port}/api/v1/{path}", sent, owner | {"Content-Type": "application/json"}
    )
    with urlopen(asked) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def enter(page: Page, server: Server) -> None:
    """Open the page by a fresh link."""
    page.goto(f"http://127.0.0.1:{server.port}" + ask(server, "tickets", {"annotator": "visitor"})["enter"])
    page.locator("#item > *").first.wait_for()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--presses", type=int, default=150)
    parser.add_argument("--pause", type=float, default=400, help="ms between presses")
    given = parser.parse_args()
    path = shutil.which("chromium")
    if path is None:
        sys.exit("there is no `chromium` on this machine")
    seconds = (given.presses * given.pause) / 1000 + 8
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "office"
        truth = make_project(folder, given.items, labels=200)
        with (
            Server(folder, "auto") as server,
            multiprocessing.get_context("spawn").Pool(1) as pool,
            sync_playwright() as playwright,
        ):
            while ask(server, "status")["model"] is None:
                time.sleep(0.5)
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            enter(page, server)
            others = pool.apply_async(
                _crowd,
                (Person.at_ease, server.port, server.secret, truth, given.people, seconds, "office"),
            )
            first = ask(server, "status")["model"]["version"]
            page.evaluate(WATCH)
            painted = measure(page, "12", given.presses, given.pause)
            requests = page.evaluate("window.requests")
            last = ask(server, "status")["model"]["version"]
            seen = others.get()
            browser.close()
    answers = [ms for name, ms in requests if name.endswith("/answers")]
    leases = [ms for name, ms in requests if name.endswith("/questions")]
    print(f"{given.items:,} items, {given.people} people, {int(last) - int(first)} models meanwhile")
    print(told("key to next item painted", painted))
    print(told("answer acknowledged", answers))
    print(told("questions fetched", leases))
    print(told("the others' answers", [ms for one in seen for _, ms in one.answers[2:]]))
    print(f"errors                      {sum(len(one.wrong) for one in seen)}")


if __name__ == "__main__":
    main()
