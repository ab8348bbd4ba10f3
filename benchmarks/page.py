"""How quick the page is: from a key going down to the next item painted, in Chromium, with the network delayed.

    python -m benchmarks.page [--delay 500] [--presses 200] [--pause 250] [--only texts digits]

prints one line a kind of item: median, 95th percentile and worst in milliseconds. Needs `chromium` and Playwright.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from asklearn.project import Project
from asklearn.tasks.classes import classes

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# The first task after a frame was handed over runs once it is painted: a message posted in the frame's callback.
TIMER = """() => {
  window.painted = [];
  addEventListener("keydown", (event) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push(performance.now() - event.timeStamp);
      port2.postMessage(null);
    });
  }, true);
}"""

SERVE = """
import json, sys
from asklearn.server import serve
serve(sys.argv[1], open_browser=False, ready=lambda serving: print(json.dumps(dict(serving.links)), flush=True))
"""


def delay_network(page: Page, milliseconds: float) -> None:
    """Every answer to the page takes so much longer."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", limits)


def measure(page: Page, keys: str, presses: int, pause: float) -> list[float]:
    """Milliseconds from each of so many key presses to the paint after it; every press must bring another item."""
    for _ in range(4):  # so that the queue gets to know the network
        page.keyboard.press(keys[0])
        page.wait_for_timeout(1000)
    page.evaluate(TIMER)
    shown = identity(page)
    for i in range(presses):
        page.keyboard.press(keys[i % len(keys)])
        page.wait_for_timeout(pause)
        now = identity(page)
        assert now != shown, f"press {i + 1} brought no other item"
        shown = now
    return page.evaluate("window.painted")


def identity(page: Page) -> str:
    """What is on screen."""
    return str(
        page.evaluate(
            "document.querySelector('#item img')?.src ?? document.querySelector('#item').textContent"
        )
    )


def texts(n: int) -> tuple[Any, list[str]]:
    """Letters of some sentences."""
    rng = np.random.default_rng(0)
    words = ["the", "a", "of", "to", "in", "noon", "see", "you", "at", "cheap", "pills", "about", "budget"]
    return [" ".join(rng.choice(words, 40)) + f" ({i})" for i in range(n)], ["ham", "spam", "else"]


def digits(n: int) -> tuple[Any, list[str]]:
    """8 x 8 pixels."""
    from sklearn.datasets import load_digits

    return (load_digits().images[:n] * 15.9).astype("uint8"), [str(i) for i in range(10)]


def photographs(n: int) -> tuple[Any, list[str]]:
    """Half a megapixel of noise each."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (n, 600, 800, 3), dtype="uint8"), ["indoors", "outdoors"]


def rows(n: int) -> tuple[Any, list[str]]:
    """Twelve columns."""
    import pandas

    rng = np.random.default_rng(0)
    return pandas.DataFrame(rng.normal(size=(n, 12)).round(3)).rename(columns=str), ["stays", "leaves"]


def many(n: int) -> tuple[Any, list[str]]:
    """Texts with 77 classes."""
    return texts(n)[0], [f"intent_{i:02d}" for i in range(77)]


KINDS = [texts, many, rows, digits, photographs]


@contextmanager
def served(rows: Any, labels: list[str]) -> Iterator[str]:
    """The link into a server on a new project."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        with Project(rows, classes(labels), path=folder):
            pass
        command = [sys.executable, "-c", SERVE, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                yield json.loads(server.stdout.readline())["me"]
                server.terminate()
                server.wait(30)
            finally:
                server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--delay", type=float, default=500, help="ms added to every answer of the network")
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--only", nargs="*", choices=[of.__name__ for of in KINDS], help="kinds of items")
    parser.add_argument("--pause", type=float, default=250, help="ms between presses")
    wanted = parser.parse_args()
    path = shutil.which("chromium")
    if path is None:
        sys.exit("there is no `chromium` on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        print(
            f"key to next item painted, ms; network delayed by {wanted.delay:g} ms, {wanted.presses} presses"
        )
        for of in [of for of in KINDS if not wanted.only or of.__name__ in wanted.only]:
            with served(*of(min(1000, wanted.presses + 60))) as link:
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                page.goto(link)
                page.locator("#desk").wait_for()
                delay_network(page, wanted.delay)
                page.wait_for_timeout(3000)
                times = measure(page, "12", wanted.presses, wanted.pause)
                middle, late = np.percentile(times, [50, 95])
                print(f"{of.__name__:12} p50 {middle:5.1f}   p95 {late:5.1f}   worst {max(times):5.1f}")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
