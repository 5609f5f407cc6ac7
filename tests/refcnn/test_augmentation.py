"""Warped images against rolled, rotated and hand-worked ones."""

import sys
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

from refcnn.training import augmentation
from refcnn.training.augmentation import affine, random_affine, random_elastic

Array = NDArray[np.floating[Any]]

RANGES: dict[str, Any] = {"rotation": 15, "scale": 0.1, "shear": 10, "shift": 2}


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(*shape: int) -> Array:
    return generator().random(shape, np.float32)


def dots(H: int, W: int, *places: tuple[int, int]) -> Array:
    """One image of zeros with ones at some places (row, column)."""
    image = np.zeros((1, 1, H, W), np.float32)
    for row, column in places:
        image[0, 0, row, column] = 1
    return image


def blobs(count: int) -> Array:
    """Smooth blobs of differing brightness, far from the border."""
    square = (np.arange(28) - 13.5) ** 2
    blob = np.exp(-(square[:, None] + square) / 18)
    return np.asarray(blob * generator().uniform(1, 2, (count, 1, 1, 1)), np.float32)


def test_no_warp_is_the_identity_to_the_last_bit() -> None:
    images = noise(3, 2, 6, 5)
    assert_array_equal(affine(images), images)
    assert_array_equal(random_affine(images, rng=generator()), images)
    assert_array_equal(random_elastic(images, rng=generator(), alpha=0, sigma=4), images)


@pytest.mark.parametrize(("down", "right"), [(1, 2), (-2, 1), (3, -1)])
def test_a_shift_moves_down_and_right_and_fills_with_zeros(down: int, right: int) -> None:
    images = noise(2, 3, 8, 7)
    want = np.zeros_like(images)
    rolled = np.roll(images, (down, right), (2, 3))
    rows, columns = slice(max(down, 0), 8 + min(down, 0)), slice(max(right, 0), 7 + min(right, 0))
    want[:, :, rows, columns] = rolled[:, :, rows, columns]
    assert_array_equal(affine(images, shift=np.array([down, right])), want)


def test_half_a_pixel_is_the_mean_of_the_neighbours_and_of_the_zeros_outside() -> None:
    images = np.array([[[[2.0, 4.0, 8.0]]]], np.float32)
    assert_array_equal(affine(images, shift=np.array([0.0, 0.5])), [[[[1.0, 3.0, 6.0]]]])


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_a_rotation_is_counter_clockwise_in_degrees(turns: int) -> None:
    images = noise(2, 2, 6, 6)
    want = np.rot90(images, turns, (2, 3))
    np.testing.assert_allclose(affine(images, rotation=90.0 * turns), want, rtol=0, atol=1e-6)


def test_a_scale_above_one_enlarges_about_the_centre() -> None:
    assert_array_equal(
        affine(dots(5, 7, (2, 2), (2, 4), (1, 3)), scale=2.0)[0, 0],
        [
            [0.0, 0.0, 0.5, 1.0, 0.5, 0.0, 0.0],
            [0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25],
            [0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5],
            [0.25, 0.5, 0.25, 0.0, 0.25, 0.5, 0.25],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        ],
    )


def test_a_shear_leans_the_top_to_the_right() -> None:
    upright = dots(5, 5, (0, 2), (1, 2), (2, 2), (3, 2), (4, 2))
    leaning = dots(5, 5, (0, 4), (1, 3), (2, 2), (3, 1), (4, 0))
    np.testing.assert_allclose(affine(upright, shear=45.0), leaning, rtol=0, atol=1e-6)


def test_scale_comes_first_then_shear_then_rotation_then_shift() -> None:
    image = dots(9, 9, (4, 5))
    # One right of the centre; scaled: two right; sheared: still, being level; rotated: two up; shifted: one down.
    warped = affine(image, scale=2.0, shear=45.0, rotation=90.0, shift=np.array([1, 0]))
    assert warped[0, 0, 3, 4] == warped.max() == pytest.approx(1, abs=1e-6)


def test_each_image_has_its_own_warp_and_all_its_channels_share_it() -> None:
    images = noise(2, 3, 6, 6)
    warped = affine(images, rotation=np.array([0.0, 30.0]), shift=np.array([[0, 1], [2, 0]]))
    for n, (rotation, shift) in enumerate([(0.0, [0, 1]), (30.0, [2, 0])]):
        for c in range(3):
            alone = affine(images[n : n + 1, c : c + 1], rotation=rotation, shift=np.array(shift))
            assert_array_equal(warped[n, c], alone[0, 0])


def test_a_number_is_a_range_around_no_warp_and_a_pair_is_a_range_of_its_own() -> None:
    images = noise(4, 1, 9, 9)
    settings: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"rotation": 20}, {"rotation": (-20, 20)}),
        ({"scale": 0.2}, {"scale": (0.8, 1.2)}),
        ({"shear": 20}, {"shear": (-20, 20)}),
        ({"shift": 2}, {"shift": (-2, 2)}),
    ]
    for numbers, pairs in settings:
        warped = random_affine(images, rng=generator(), **numbers)
        assert_array_equal(warped, random_affine(images, rng=generator(), **pairs))
        assert (warped != images).any(axis=(1, 2, 3)).all()


def test_a_range_of_one_value_leaves_nothing_to_chance() -> None:
    images = noise(3, 1, 7, 7)
    warped = random_affine(images, rng=generator(), rotation=(90, 90), scale=(2, 2), shear=(5, 5), shift=(1, 1))
    want = affine(images, rotation=90, scale=2, shear=5, shift=np.array([1, 1]))
    assert_array_equal(warped, want)


def test_parameters_fill_their_ranges_image_by_image(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(augmentation, "affine", lambda _, **warps: drawn.update(warps))
    random_affine(np.zeros((2000, 1, 1, 1), np.float32), rng=generator(), **RANGES)
    for name, low, high in [("rotation", -15, 15), ("scale", 0.9, 1.1), ("shear", -10, 10), ("shift", -2, 2)]:
        shape = (2000, 2) if name == "shift" else (2000,)
        assert drawn[name].shape == shape, name
        width = (high - low) / 100
        assert low <= drawn[name].min() < low + width < high - width < drawn[name].max() <= high, name
    assert abs(np.corrcoef(drawn["shift"].T)[0, 1]) < 0.1


@pytest.mark.parametrize(
    "warp",
    [
        lambda images, rng: random_affine(images, rng=rng, **RANGES),
        lambda images, rng: random_elastic(images, rng=rng, alpha=34, sigma=4),
    ],
    ids=["affine", "elastic"],
)
class TestChance:
    def test_the_same_generator_gives_the_same_images(self, warp: Any) -> None:
        images = noise(3, 2, 10, 9)
        assert_array_equal(warp(images, generator(1)), warp(images, generator(1)))
        assert (warp(images, generator(1)) != warp(images, generator(2))).any()

    def test_shape_and_dtype_stay(self, warp: Any) -> None:
        for dtype in (np.float16, np.float32, np.float64):
            warped = warp(noise(3, 2, 10, 9).astype(dtype), generator())
            assert (warped.shape, warped.dtype) == ((3, 2, 10, 9), dtype)
        assert warp(noise(0, 2, 10, 9), generator()).shape == (0, 2, 10, 9)

    def test_the_input_stays(self, warp: Any) -> None:
        images = noise(3, 2, 10, 9)
        images.flags.writeable = False
        warped = warp(images, generator())
        assert not np.shares_memory(warped, images)
        assert_array_equal(images, noise(3, 2, 10, 9))

    def test_an_image_that_is_no_image_is_refused(self, warp: Any) -> None:
        with pytest.raises(ValueError, match=r"images must be \(N, C, H, W\), got shape \(10, 9\)"):
            warp(noise(10, 9), generator())
        with pytest.raises(TypeError, match="images must be a float16, float32 or float64 array, got uint8"):
            warp(np.zeros((1, 1, 2, 2), np.uint8), generator())

    def test_without_scipy_the_message_says_what_to_install(self, warp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "scipy", None)
        with pytest.raises(ImportError, match=r"pip install 'refcnn\[mnist\]'"):
            warp(noise(1, 1, 4, 4), generator())


def test_an_affine_warp_changes_the_brightness_by_its_area_alone() -> None:
    images = blobs(20)
    scale = generator(1).uniform(0.8, 1.2, 20)
    warped = affine(images, rotation=np.linspace(-30, 30, 20), scale=scale, shear=np.linspace(20, -20, 20))
    # Samples of so smooth a blob add up to its integral; bilinear reading blurs, but adds and takes nothing.
    np.testing.assert_allclose(warped.sum((1, 2, 3)), images.sum((1, 2, 3)) * scale**2, rtol=0.01)


def test_an_elastic_warp_about_keeps_the_brightness() -> None:
    images = blobs(200)
    warped = random_elastic(images, rng=generator(), alpha=34, sigma=4)
    assert (warped != images).any(axis=(1, 2, 3)).all()
    assert warped.sum() == pytest.approx(images.sum(), rel=0.05)


def test_an_elastic_warp_reads_each_pixel_a_smoothed_displacement_away() -> None:
    ramps = np.stack([np.tile(np.arange(40.0), (40, 1)).T, np.tile(np.arange(40.0), (40, 1))])
    warped = random_elastic(np.tile(ramps, (50, 1, 1, 1)), rng=generator(), alpha=10, sigma=2)
    # A ramp reads its coordinate back, so the difference is the displacement itself, away from the zeros outside.
    down, right = (warped - ramps)[:, :, 10:30, 10:30].swapaxes(0, 1)
    # A uniform field of variance 1/3, smoothed by a Gaussian of √(4π σ²) in each direction.
    deviation = 10 * np.sqrt(1 / 3) / (2 * np.sqrt(np.pi) * 2)
    assert down.std() == pytest.approx(deviation, rel=0.05)
    assert right.std() == pytest.approx(deviation, rel=0.05)
    assert abs(np.corrcoef(down.ravel(), right.ravel())[0, 1]) < 0.1
    # The correlation of two smoothed values at a distance d is exp(−d² / 4σ²).
    for far in (down[:, 2:] * down[:, :-2], down[:, :, 2:] * down[:, :, :-2]):
        assert far.mean() / deviation**2 == pytest.approx(np.exp(-4 / 16), rel=0.1)


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ({"rotation": -1}, ValueError, "random_affine: rotation must be a range from low to high, got (1.0, -1.0)"),
        ({"rotation": (2, 1)}, ValueError, "random_affine: rotation must be a range from low to high, got (2.0, 1.0)"),
        ({"rotation": (1, 2, 3)}, ValueError, "random_affine: rotation must be a number or (low, high), got (1, 2, 3)"),
        ({"shift": "2"}, TypeError, "random_affine: shift must be a real number, got '2'"),
        ({"shift": float("inf")}, ValueError, "random_affine: shift must be finite, got (-inf, inf)"),
        ({"scale": 1}, ValueError, "random_affine: scale must be above 0, got (0.0, 2.0)"),
        ({"shear": 90}, ValueError, "random_affine: shear must be within -90 and 90 degrees, got (-90.0, 90.0)"),
        ({"shear": (0, 90)}, ValueError, "random_affine: shear must be within -90 and 90 degrees, got (0.0, 90.0)"),
    ],
)
def test_a_range_without_sense_is_refused(ranges: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        random_affine(noise(1, 1, 4, 4), rng=generator(), **ranges)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("warps", "message"),
    [
        ({"rotation": np.zeros(3)}, "affine: rotation must be broadcastable to (2,), got shape (3,)"),
        ({"shift": np.zeros((2, 3))}, "affine: shift must be broadcastable to (2, 2), got shape (2, 3)"),
        ({"scale": np.array([1.0, 0.0])}, "affine: scale must be finite and above 0, got 0.0"),
        ({"scale": np.inf}, "affine: scale must be finite and above 0, got inf"),
        ({"shear": -90.0}, "affine: shear must be within -90 and 90 degrees, got -90.0"),
        ({"rotation": np.nan}, "affine: rotation must be finite, got nan"),
        ({"shift": np.array([np.inf, 0])}, "affine: shift must be finite, got inf"),
    ],
)
def test_a_warp_without_sense_is_refused(warps: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="affine") as refusal:
        affine(noise(2, 1, 4, 4), **warps)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": -1, "sigma": 4}, "random_elastic: alpha must be finite and at least 0, got -1.0"),
        ({"alpha": float("inf"), "sigma": 4}, "random_elastic: alpha must be finite and at least 0, got inf"),
        ({"alpha": 1, "sigma": 0}, "random_elastic: sigma must be finite and above 0, got 0.0"),
        ({"alpha": 1, "sigma": float("inf")}, "random_elastic: sigma must be finite and above 0, got inf"),
    ],
)
def test_a_displacement_without_sense_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="random_elastic") as refusal:
        random_elastic(noise(1, 1, 4, 4), rng=generator(), **settings)
    assert str(refusal.value) == message
