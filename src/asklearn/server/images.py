"""Pictures of items, always made anew: a browser never gets a file as somebody put it into a folder."""

from __future__ import annotations

import threading
from collections import OrderedDict

from asklearn.pool import Pool

DECODERS = 2  # a picture of 40 megapixels takes some 160 MB while it is decoded
KEPT_BYTES = 32_000_000


class Pictures:
    """The pictures asked for lately, ready to send, and a limit to how many are decoded at a time."""

    def __init__(self) -> None:
        self._decoders = threading.Semaphore(DECODERS)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, pool: Pool, item: str) -> tuple[bytes, str]:
        """(bytes, type) of the item's picture. Raises `DataError` for what is no picture."""
        raise NotImplementedError
