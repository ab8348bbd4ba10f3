"""The labelling page over HTTP: `serve` a project folder, or `create_app` for a server of your own."""

from __future__ import annotations

from asklearn.errors import MissingExtra

try:
    from asklearn.server.app import create_app
    from asklearn.server.run import fresh_link, serve
    from asklearn.server.sessions import Sessions
except ModuleNotFoundError as error:
    if (error.name or "").startswith("asklearn"):
        raise
    raise MissingExtra("the labelling page", "app") from error

__all__ = ["Sessions", "create_app", "fresh_link", "serve"]
