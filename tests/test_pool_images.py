"""Images are opened with care, whatever they pretend to be."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from asklearn.errors import DataError
from asklearn.pool import images

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]


def picture(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    if mode == "I;16":
        return Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 16)
    return Image.fromarray(pixels).convert("L" if mode == "LA" else "RGB").convert(mode)


def written(image: Image.Image, kind: str, **how) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A few bytes that claim to be a black image of this size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_known_format_opens(kind, tmp_path):
    path = tmp_path / "a picture"  # the content counts, not the name
    path.write_bytes(written(picture(), kind))
    images.check(path)
    assert images.open_image(path).size == (60, 40)
    assert images.open_image(path.read_bytes()).size == (60, 40)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_truncated_image_is_named(kind, tmp_path):
    content = written(picture(), kind)
    path = tmp_path / "cut"
    for length in (len(content) // 2, 40, 20, 13):
        path.write_bytes(content[:length])
        for look in (images.check, images.open_image):
            with pytest.raises(DataError, match=r"cut (cannot be read to its end|begins like)"):
                look(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello, world", b"%PDF-1.7 ...", b"<svg></svg>", b"RIFF1234WAVEfmt "]
)
def test_what_is_no_image_is_named(content, tmp_path):
    path = tmp_path / "holiday.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"holiday\.png is not an image.*PNG, JPEG, WebP, GIF, BMP and TIFF"):
        images.open_image(path)


def test_other_formats_of_pillow_are_refused(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(written(picture(), "PPM"))
    with pytest.raises(DataError, match="unknown format"):
        images.open_image(path)


def test_a_bomb_is_refused_at_once_without_memory(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(50_000, 50_000))
    assert path.stat().st_size < 200
    program = (
        "import resource, sys, PIL.Image, PIL.PngImagePlugin\n"
        "from asklearn.errors import DataError; from asklearn.pool import images\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for look in (images.check, images.open_image):\n"
        "    try: look(sys.argv[1])\n"
        "    except DataError as error: print(error)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True, timeout=30
    )
    first, second, grown = run.stdout.splitlines()
    assert (
        first
        == second
        == f"{path} has 50,000 x 50,000 pixels; images up to 40 megapixels are read, make it smaller"
    )
    assert int(grown) < 40  # MB; decoded it would be 2,500
    assert not run.stderr


def test_the_limit_is_40_megapixels():
    assert images.open_image(png_of(10, 10)).size == (10, 10)
    with pytest.raises(DataError, match="8,000 x 5,001"):
        images.open_image(png_of(8000, 5001))
    with pytest.raises(DataError, match="8,000 x 5,001"):
        images.open_image(np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (5001, 8000), (0, 0)))


@pytest.mark.parametrize("how", [{}, {"lossless": True}, {"exif": picture().getexif().tobytes() + b"\0" * 8}])
def test_the_size_of_a_webp_is_known_from_its_first_bytes(how):
    content = written(picture(size=(301, 77)), "WEBP", **how)
    assert images._webp_size(content[:32]) == (301, 77)


def test_a_large_webp_is_refused():
    content = bytearray(written(picture(), "WEBP", lossless=True))
    content[21:25] = ((16383) | (16383 << 14)).to_bytes(4, "little")
    with pytest.raises(DataError, match="16,384 x 16,384"):
        images.open_image(bytes(content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.png cannot be read: No such file"):
        images.open_image(tmp_path / "gone.png")
    with pytest.raises(DataError, match="Is a directory"):
        images.open_image(tmp_path)


@pytest.mark.parametrize(
    ("pixels", "mode"),
    [((4, 5), "L"), ((4, 5, 1), "L"), ((4, 5, 3), "RGB"), ((4, 5, 4), "RGBA")],
)
def test_arrays_are_images(pixels, mode):
    image = images.open_image(np.zeros(pixels, np.uint8))
    assert (image.mode, image.size) == (mode, (5, 4))


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((4, 5)), np.zeros(4, np.uint8), np.zeros((4, 5, 2), np.uint8), np.zeros((0, 5), np.uint8)],
)
def test_other_arrays_are_not(wrong):
    with pytest.raises(DataError, match="shape"):
        images.open_image(wrong)
    with pytest.raises(DataError, match="is a list"):
        images.open_image([1, 2])


def test_an_image_is_turned_as_its_camera_said():
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    assert images.open_image(written(picture(), "JPEG", exif=exif)).size == (40, 60)


def test_an_unreadable_note_of_the_camera_is_left_alone():
    content = written(picture(), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
    assert images.open_image(content).size == (60, 40)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
@pytest.mark.parametrize("size", [(20, 10), (400, 300)])
def test_every_mode_is_encoded_for_a_browser(mode, size):
    content, kind = images.encode(picture(mode, size))
    again = images.open_image(content)
    assert again.size == size
    assert again.mode in ("L", "LA", "RGB", "RGBA")
    assert kind == {b"\x89P": "image/png", b"\xff\xd8": "image/jpeg"}[content[:2]]
    if size == (20, 10) or mode in ("LA", "RGBA"):
        assert kind == "image/png"


def test_measured_values_are_stretched_so_that_eyes_see_them():
    content, _ = images.encode(Image.fromarray(np.array([[1000, 3000], [2000, 1000]], np.uint16)))
    assert np.asarray(images.open_image(content)).tolist() == [[0, 255], [127, 0]]


def test_a_large_image_is_made_smaller_and_the_original_stays():
    image = picture(size=(2000, 500))
    again = images.open_image(images.encode(image, max_side=100)[0])
    assert again.size == (100, 25)
    assert image.size == (2000, 500)


def test_nothing_of_the_file_but_its_pixels_is_sent():
    exif = Image.Exif()
    exif[0x010E] = "taken at my home"
    content = (
        written(picture(size=(300, 300)), "JPEG", exif=exif, comment=b"a secret")
        + b"<script>alert(1)</script>"
    )
    sent, _ = images.encode(images.open_image(content))
    for secret in (b"my home", b"secret", b"script"):
        assert secret in content
        assert secret not in sent


def test_png_keeps_every_pixel():
    image = picture("RGBA")
    assert np.array_equal(np.asarray(images.open_image(images.to_png(image))), np.asarray(image))
    assert images.open_image(images.to_png(picture("CMYK"))).mode == "RGB"


@given(st.sampled_from(FORMATS), st.data())
def test_damaged_images_give_an_image_or_a_sentence(kind, data):
    content = bytearray(written(picture(size=(9, 7)), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = images.open_image(bytes(content))
    except DataError:
        return
    assert image.width * image.height <= images.MAX_PIXELS
    images.encode(image)
