"""The labelling page from the command line: links on stdout, the browser where there is a screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from asklearn.cli.terminal import say


def label_page(
    folder: Path,
    *,
    port: int,
    open_browser: bool,
    annotators: Sequence[str],
    host: str = "127.0.0.1",
    host_names: Sequence[str] = (),
    https: bool = False,
) -> None:
    """Serve the page until Ctrl+C; where it is served already, print fresh links into that one."""
    from asklearn import settings
    from asklearn.server.run import Serving, fresh_link, serve

    settings.read(folder)  # says what is wrong with the folder before anything starts
    running = {name: link for name in annotators if (link := fresh_link(folder, name)) is not None}
    if len(running) == len(annotators):
        say(f"{folder} is being served already.")
        _print_links(running)
        return

    def ready(serving: Serving) -> None:
        _print_links(serving.links)
        say("A link works once, within five minutes; run the command again for a new one. Ctrl+C ends.")
        sys.stdout.flush()

    serve(
        folder,
        host=host,
        port=port,
        annotators=annotators,
        open_browser=open_browser and has_screen(),
        ready=ready,
        host_names=host_names,
        https=https,
    )
    say("Everything answered is saved.")


def _print_links(links: Mapping[str, str]) -> None:
    for name, link in links.items():
        say(f"{name}: {link}" if len(links) > 1 else link)


def has_screen() -> bool:
    """Whether a browser can show up; without a screen one may take over the terminal."""
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
