"""Pictures of digits: whatever they look like, they are made to look like MNIST, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from PIL import Image

from refcnn.mnist import DataError, load, read_digit

Array = NDArray[Any]
Make = Callable[[Image.Image], Image.Image]


def seven(side: int = 84) -> Image.Image:
    """Draw a 7 in black on white, not in the middle, and neither upright nor symmetric."""
    ink = np.zeros((12, 12), bool)
    ink[2, 3:9] = True
    for row in range(3, 10):
        ink[row, 8 - (row - 2) // 2] = True
    paper = np.where(ink, 0, 255).astype(np.uint8)
    return Image.fromarray(paper).resize((side, side), Image.Resampling.NEAREST)


def read(folder: Path, picture: Image.Image, name: str = "digit.png", **how: Any) -> Array:
    path = folder / name
    picture.save(path, **how)
    return np.asarray(read_digit(path))


def refusal_of(path: Path) -> str:
    with pytest.raises(DataError) as refusal:
        read_digit(path)
    message = str(refusal.value)
    assert message.startswith(f"refcnn.mnist: path must be a picture of a digit, got {path}")
    return message.removeprefix(f"refcnn.mnist: path must be a picture of a digit, got {path}")


def assert_like_mnist(digit: Array) -> None:
    assert digit.shape == (1, 1, 28, 28)
    assert digit.dtype == np.float32
    assert np.isfinite(digit).all()
    assert digit.min() >= 0
    assert digit.max() <= 1


def test_a_picture_of_28_by_28_is_taken_as_it_is(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    pixels[[0, -1]] = pixels[:, [0, -1]] = 0
    want = pixels[None, None] / np.float32(255)
    assert_array_equal(read(tmp_path, Image.fromarray(pixels)), want, strict=True)
    assert_array_equal(read(tmp_path, Image.fromarray(255 - pixels)), 1 - (255 - pixels[None, None]) / np.float32(255))


def test_the_digit_fills_the_box_and_lies_in_the_middle_by_mass(tmp_path: Path) -> None:
    digit = read(tmp_path, seven())
    assert_like_mnist(digit)
    rows, columns = np.flatnonzero(digit[0, 0].any(axis=1)), np.flatnonzero(digit[0, 0].any(axis=0))
    assert (int(np.ptp(rows)), int(np.ptp(columns))) == (19, 14)
    for axis in (0, 1):
        mass = digit[0, 0].sum(axis=axis)
        assert abs((mass * np.arange(28)).sum() / mass.sum() - 14) <= 0.5
    assert digit[0, 0, rows[0]].sum() > 3 * digit[0, 0, rows[-1]].sum()  # upright: the bar of the 7 is above
    assert digit.max() == 1


def rgba(picture: Image.Image, ink: tuple[int, int, int]) -> Image.Image:
    """Draw the ink in a colour, on nothing."""
    opaque = 255 - np.asarray(picture)
    colours = np.broadcast_to(np.array(ink, np.uint8), (*opaque.shape, 3))
    return Image.fromarray(np.dstack([colours, opaque]))


def palette_with_transparency(picture: Image.Image) -> Image.Image:
    """Make white a colour of the palette that is black, and transparent."""
    indices = Image.fromarray((np.asarray(picture) > 0).astype(np.uint8), "P")
    indices.putpalette([0, 0, 0, 0, 0, 0])
    indices.info["transparency"] = 1
    return indices


def deep(picture: Image.Image, dtype: str, low: float, high: float) -> Image.Image:
    greys = np.asarray(picture) / 255
    return Image.fromarray((low + (high - low) * greys).astype(dtype))


KINDS: dict[str, tuple[Make, str]] = {
    "white on black": (lambda picture: Image.fromarray(255 - np.asarray(picture)), "png"),
    "colour": (lambda picture: picture.convert("RGB"), "png"),
    "palette": (lambda picture: picture.convert("P"), "png"),
    "one bit": (lambda picture: picture.convert("1"), "png"),
    "grey and opacity": (lambda picture: picture.convert("LA"), "png"),
    "black on nothing": (lambda picture: rgba(picture, (0, 0, 0)), "png"),
    "palette with transparency": (palette_with_transparency, "png"),
    "four inks": (lambda picture: picture.convert("CMYK"), "tiff"),
    "bitmap": (lambda picture: picture, "bmp"),
    "gif": (lambda picture: picture, "gif"),
    "16 bits": (lambda picture: deep(picture, "uint16", 0, 65535), "png"),
    "16 bits, dark": (lambda picture: deep(picture, "uint16", 300, 4000), "png"),
    "16 bits, the other bytes first": (lambda picture: deep(picture, ">u2", 0, 65535), "tiff"),
    "32 bits": (lambda picture: deep(picture, "int32", -5, 2**31 - 1), "tiff"),
    "floats": (lambda picture: deep(picture, "float32", -0.5, 1e30), "tiff"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [84, 28])
def test_pictures_of_every_kind_show_the_same_digit(tmp_path: Path, kind: str, side: int) -> None:
    make, extension = KINDS[kind]
    want = read(tmp_path, seven(side))
    assert_array_equal(read(tmp_path, make(seven(side)), f"kind.{extension}"), want, strict=True)


@pytest.mark.parametrize(("ink", "paper"), [((200, 0, 0), (255, 255, 200)), ((60, 60, 60), (110, 110, 110))])
def test_colours_and_low_contrast_show_the_same_digit(
    tmp_path: Path, ink: tuple[int, int, int], paper: tuple[int, int, int]
) -> None:
    """Dark on a little less dark is still dark on bright."""
    drawn = np.where(np.asarray(seven())[..., None] == 0, ink, paper).astype(np.uint8)
    np.testing.assert_allclose(read(tmp_path, Image.fromarray(drawn)), read(tmp_path, seven()), rtol=0, atol=1e-6)


def test_a_compressed_photograph_shows_the_digit_nearly(tmp_path: Path) -> None:
    shown = read(tmp_path, seven(280).convert("RGB"), "photo.jpg", quality=60)
    assert np.abs(shown - read(tmp_path, seven(280))).mean() < 0.02


def test_a_photograph_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    turned = seven().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation: to be shown turned by 90 degrees clockwise
    assert_array_equal(read(tmp_path, turned, exif=exif), read(tmp_path, seven()))


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (84, 85)])
def test_paper_around_the_digit_does_not_matter(tmp_path: Path, size: tuple[int, int]) -> None:
    sheet = Image.new("L", size, 255)
    sheet.paste(seven(), (7, 0))
    assert_array_equal(read(tmp_path, sheet), read(tmp_path, seven()))


@pytest.mark.parametrize(("size", "box"), [((3, 300), (1, 20)), ((300, 3), (20, 1)), ((150, 300), (10, 20))])
def test_a_line_keeps_its_proportions(tmp_path: Path, size: tuple[int, int], box: tuple[int, int]) -> None:
    sheet = Image.new("L", (320, 320), 255)
    sheet.paste(0, (10, 10, 10 + size[0], 10 + size[1]))
    digit = read(tmp_path, sheet)[0, 0]
    assert (digit.any(axis=0).sum(), digit.any(axis=1).sum()) == box


def test_ink_far_from_the_middle_of_its_box_stays_within_the_image(tmp_path: Path) -> None:
    """The mass lies in one corner, so the box is moved as far as it can be."""
    sheet = np.full((100, 100), 255, np.uint8)
    sheet[10:60, 10:60] = 0
    sheet[88:90, 88:90] = 0
    digit = read(tmp_path, Image.fromarray(sheet))[0, 0]
    assert (digit[:, -1].any(), digit[-1].any()) == (True, True)


@settings(max_examples=60)
@given(
    pixels=st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(
        lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255), fill=st.just(255))
    )
)
def test_any_picture_is_made_like_mnist_or_refused(tmp_path_factory: pytest.TempPathFactory, pixels: Array) -> None:
    path = tmp_path_factory.getbasetemp() / "any.png"
    Image.fromarray(pixels).save(path)
    if np.ptp(pixels) == 0:
        assert refusal_of(path) == ", which is of one colour"
    else:
        assert_like_mnist(read_digit(path))


@pytest.mark.parametrize(
    "picture", [Image.new("L", (40, 40), 255), Image.new("RGBA", (28, 28)), Image.new("I", (9, 9))]
)
def test_a_picture_of_one_colour_is_refused(tmp_path: Path, picture: Image.Image) -> None:
    path = tmp_path / "blank.tiff"
    picture.save(path)
    assert refusal_of(path) == ", which is of one colour"


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_greys_that_are_no_numbers_are_refused(tmp_path: Path, number: float) -> None:
    path = tmp_path / "floats.tiff"
    Image.fromarray(np.array([[0.0, 1.0], [number, 0.5]], np.float32)).save(path)
    assert refusal_of(path) == ": it has greys that are no finite numbers"


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal_of(tmp_path / "missing.png")
    assert "directory" in refusal_of(tmp_path)
    text = tmp_path / "text.png"
    text.write_text("a seven", encoding="utf-8")
    assert "cannot identify image file" in refusal_of(text)


@pytest.mark.parametrize("extension", ["png", "jpg", "gif", "bmp", "tiff"])
def test_a_broken_picture_is_refused(tmp_path: Path, extension: str) -> None:
    whole = tmp_path / f"whole.{extension}"
    seven().save(whole)
    path = tmp_path / f"broken.{extension}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert refusal_of(path).startswith(": ")


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.png"
    seven().save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert "decompression bomb" in refusal_of(path)


def test_digits_of_mnist_that_are_drawn_large_and_dark_are_set_as_they_were(tmp_path: Path) -> None:
    """Where the centre of mass is one pixel off, the median correlation is 0.81."""
    digits = load(normalise=False).x_test[:60, 0].astype(np.uint8)
    drawn = [Image.fromarray(255 - digit).resize((280, 280), Image.Resampling.BICUBIC) for digit in digits]
    alike = [
        np.corrcoef(read(tmp_path, large).ravel(), digit.ravel())[0, 1]
        for large, digit in zip(drawn, digits, strict=True)
    ]
    assert np.median(alike) > 0.95
    assert min(alike) > 0.6
