"""Pictures of items, always made anew: a browser never gets a file as somebody put it into a folder."""

from __future__ import annotations

import threading
from collections import OrderedDict

from asklearn.pool import Pool, images

DECODERS = 2  # a picture of 40 megapixels takes some 160 MB while it is decoded
KEPT_BYTES = 32_000_000

Picture = tuple[bytes, str]  # and its media type


class Pictures:
    """The pictures asked for last, ready to send, and a limit to how many are decoded at a time."""

    def __init__(self) -> None:
        self._decoders = threading.Semaphore(DECODERS)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._bytes = 0

    def get(self, pool: Pool, item: str) -> Picture:
        """The item's picture for a browser. Raises `DataError` for an unknown item or no picture."""
        with self._lock:
            if item in self._kept:
                self._kept.move_to_end(item)
                return self._kept[item]
        with self._decoders:
            [source] = pool.rows([item])
            made = images.encode(images.open_image(source, f"the image of item {item!r}"))
        self._keep(item, made)
        return made

    def _keep(self, item: str, made: Picture) -> None:
        with self._lock:
            if item in self._kept:
                return
            self._kept[item] = made
            self._bytes += len(made[0])
            while self._bytes > KEPT_BYTES:
                _, (old, _) = self._kept.popitem(last=False)
                self._bytes -= len(old)
