"""Images opened with care: known formats, the size known before anything is decoded, errors that name the file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from asklearn.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 40_000_000  # 160 MB decoded; a bomb of a few kB can claim billions
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
SMALL = 256 * 256  # up to so many pixels an image is sent without loss

# What Pillow's decoders raise on broken files; they have no error of their own. Of some damage it only warns.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
    Warning,
)


def open_image(source: Any, name: str = "") -> Image:
    """The image, decoded and upright (turned as its camera said).

    `source`: a path, the bytes of an image file, a Pillow image or a uint8 array (height, width[, 1, 3 or
    4]); `name`: what errors call it. Raises `DataError` for what is no image, of an unknown format, truncated
    or larger than 40 megapixels; that is known from the first bytes, before any memory is used.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, name or "the array")
    if not isinstance(source, str | Path | bytes):
        return _given(source, name or "the image")
    name = name or _name_of(source)
    with _opened(source, name) as file:
        image = _header(file, name)
        _load(image, name)
        return _upright(image)


def check(source: Any, name: str = "") -> None:
    """Nothing, when the image can be read to its end; `DataError` as `open_image` otherwise.

    Quicker than opening it: a JPEG is decoded at an eighth of its size.
    """
    if not isinstance(source, str | Path | bytes):
        open_image(source, name)
        return
    name = name or _name_of(source)
    with _opened(source, name) as file:
        image = _header(file, name)
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        _load(image, name)


def encode(image: Image, max_side: int = 1600) -> tuple[bytes, str]:
    """(bytes, media type) of the image made anew for a browser, at most `max_side` pixels wide and high.

    PNG for small, drawn (palette, black and white) and transparent images, JPEG for others. Nothing of the
    original file is in it: no metadata, no trailing bytes.
    """
    view = _for_eyes(image)
    if max(view.size) > max_side:
        view.thumbnail((max_side, max_side))
    view.info.clear()
    out = io.BytesIO()
    if view.mode in ("LA", "RGBA") or image.mode in ("1", "P") or view.width * view.height <= SMALL:
        view.save(out, "PNG")
        return out.getvalue(), "image/png"
    view.save(out, "JPEG", quality=88)
    return out.getvalue(), "image/jpeg"


def to_png(image: Image) -> bytes:
    """The image as PNG, without loss where PNG can hold it."""
    out = io.BytesIO()
    plain = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else _for_eyes(image)
    plain.save(out, "PNG")
    return out.getvalue()


def _name_of(source: str | Path | bytes) -> str:
    return f"the image of {len(source):,} bytes" if isinstance(source, bytes) else str(source)


def _opened(source: str | Path | bytes, name: str) -> AbstractContextManager[BinaryIO]:
    if isinstance(source, bytes):
        return nullcontext(io.BytesIO(source))
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error


def _header(file: BinaryIO, name: str) -> Image:
    """The image before it is decoded: its format is known and its size is allowed.

    Pillow's own `Image.open` tries any format it knows and only warns of sizes up to 179 megapixels.
    """
    head = file.read(32)
    known = _format(head)
    if known is None:
        raise DataError(
            f"{name} is not an image that can be shown ({'it is empty' if not head else 'unknown format'}); "
            "PNG, JPEG, WebP, GIF, BMP and TIFF can"
        )
    if known == "WebP" and (size := _webp_size(head)):
        check_size(*size, name)  # its plugin makes room for the picture before it tells its size
    file.seek(0)
    from PIL.Image import DecompressionBombError

    try:
        image = _plugin(known)(file)
    except (*_BROKEN, DecompressionBombError) as error:
        raise DataError(f"{name} begins like a {known} image, but is damaged or cut off ({error})") from error
    check_size(*image.size, name)
    return image


def _format(head: bytes) -> str | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"BM"):
        return "BMP"
    if head.startswith((b"II*\0", b"MM\0*")):
        return "TIFF"
    return None


def _plugin(known: str) -> Callable[[BinaryIO], Image]:
    _pillow()
    from PIL import (
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    return {
        "PNG": PngImagePlugin.PngImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "WebP": WebPImagePlugin.WebPImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }[known]


def _webp_size(head: bytes) -> tuple[int, int] | None:
    """Width and height from the first 30 bytes (RFC 9649, sections 2.5 to 2.7)."""
    kind = head[12:16]
    if len(head) < 30:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def check_size(width: int, height: int, name: str) -> None:
    """Nothing for what may be decoded, `DataError` for an image of more than 40 megapixels."""
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{name} has {width:,} x {height:,} pixels; images up to {MAX_PIXELS // 1_000_000} megapixels "
            "are read, make it smaller"
        )


def _load(image: Image, name: str) -> None:
    from PIL.Image import DecompressionBombError

    try:
        image.load()
    except (*_BROKEN, DecompressionBombError) as error:
        raise DataError(f"{name} cannot be read to its end; it is damaged or cut off ({error})") from error


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        return image.copy()  # a camera's note that nobody can read does not turn the picture


def _given(source: Any, name: str) -> Image:
    from PIL.Image import Image as PillowImage

    if not isinstance(source, PillowImage):
        raise DataError(
            f"{name} is a {type(source).__name__}; an image is a path, bytes, a Pillow image or a uint8 array"
        )
    check_size(*source.size, name)
    _load(source, name)
    return source


def _from_array(pixels: np.ndarray, name: str) -> Image:
    Image = _pillow()
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if (
        pixels.dtype != np.uint8
        or pixels.ndim not in (2, 3)
        or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4))
    ):
        raise DataError(
            f"{name} has type {pixels.dtype} and shape {pixels.shape}; an image is uint8 (height, width) or "
            "(height, width, 1, 3 or 4)"
        )
    if pixels.size == 0:
        raise DataError(f"{name} has shape {pixels.shape}: there is no pixel in it")
    check_size(pixels.shape[1], pixels.shape[0], name)
    image: Any = Image.fromarray(np.ascontiguousarray(pixels))
    return image  # type: ignore[no-any-return]


def _for_eyes(image: Image) -> Image:
    """A copy with eight bits a channel: L, LA, RGB or RGBA."""
    Image = _pillow()
    if image.mode.startswith(
        ("I", "F")
    ):  # measured values, such as 12-bit X-rays: the darkest black, the brightest white
        values = np.asarray(image, dtype=np.float64)
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = values.min(), values.max()
        scaled = (values - low) * (255 / (high - low) if high > low else 0)
        return Image.fromarray(scaled.astype(np.uint8))  # type: ignore[no-any-return]
    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image.copy()
    if "transparency" in image.info or image.mode in ("PA", "RGBa", "La"):
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise MissingExtra("reading images", "app") from error
    return Image
