"""The page's own files: a fixed list, read once and served from memory; no request reaches a disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@dataclass(frozen=True)
class File:
    """What is sent: the bytes, their type, and a name for this version of them."""

    body: bytes
    type: str
    etag: str


def packaged(folder: Path = PAGE) -> dict[str, File]:
    """name -> file, for every file of the page; the name is its path below `page/`, with slashes."""
    return {
        path.relative_to(folder).as_posix(): _file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }


def _file(path: Path) -> File:
    body = path.read_bytes()
    return File(body, TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:24]}"')
