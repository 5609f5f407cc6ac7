"""Images varied at random: warps after which a digit is still the same digit.

SciPy reads between the pixels; nothing else of refcnn needs it, so it is imported only here, on use.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from refcnn._checks import FloatArray, floats, rank, real, require

Range: TypeAlias = float | tuple[float, float]
Values: TypeAlias = float | FloatArray | NDArray[np.integer[Any]]


def random_affine(
    images: FloatArray,
    *,
    rng: np.random.Generator,
    rotation: Range = 0,
    scale: Range = 0,
    shear: Range = 0,
    shift: Range = 0,
) -> FloatArray:
    """Warp each image by an affine map of its own, as `affine` does, with parameters drawn uniformly.

    A range is (low, high), or a number r for (−r, r), which for `scale` is (1 − r, 1 + r). The vertical and the
    horizontal shift are drawn apart, and need not be whole.

    Parameters
    ----------
    images : (N, C, H, W), float16, float32 or float64
    rng : the generator that the parameters are drawn from
    rotation : the range of the angle, in degrees, counter-clockwise
    scale : the range of the factor
    shear : the range of the angle, in degrees, by which upright lines lean to the right
    shift : the range of both shifts, in pixels, down and to the right

    Returns
    -------
    (N, C, H, W), dtype of `images`

    Raises
    ------
    ImportError
        SciPy is not installed.
    TypeError
        Images that are not floating, a bound that is not a number.
    ValueError
        Images of another rank, a range of high below low, bounds that `affine` would refuse.

    References
    ----------
    Simard, Steinkraus and Platt (2003), Best practices for convolutional neural networks applied to visual
    document analysis, section 2.

    Examples
    --------
    >>> images = np.ones((2, 1, 5, 5), np.float32)
    >>> warped = random_affine(images, rng=np.random.default_rng(0), rotation=15, scale=0.1, shift=(0, 1))
    >>> warped.shape, warped.dtype.name
    ((2, 1, 5, 5), 'float32')
    """
    N = len(images)
    low, high = _bounds("rotation", rotation)
    angles = rng.uniform(low, high, N)
    low, high = _bounds("scale", scale, around=1)
    require(low > 0, "random_affine", "scale", "above 0", (low, high))
    scales = rng.uniform(low, high, N)
    low, high = _bounds("shear", shear)
    require(low > -90 and high < 90, "random_affine", "shear", "within -90 and 90 degrees", (low, high))
    shears = rng.uniform(low, high, N)
    low, high = _bounds("shift", shift)
    return affine(images, rotation=angles, scale=scales, shear=shears, shift=rng.uniform(low, high, (N, 2)))


def affine(
    images: FloatArray,
    *,
    rotation: Values = 0.0,
    scale: Values = 1.0,
    shear: Values = 0.0,
    shift: Values = 0.0,
) -> FloatArray:
    """Scale, shear, rotate and shift images, in this order, about their centres.

    With θ the rotation, φ the shear, s the scale and d the shift, and places (row, column) from the centre, the
    pixel at p goes to s · [[cos θ, −sin θ], [sin θ, cos θ]] · [[1, 0], [−tan φ, 1]] · p + d. Between the pixels,
    values are interpolated bilinearly; beyond the image, they are 0.

    Parameters
    ----------
    images : (N, C, H, W), float16, float32 or float64
    rotation : a number or (N,), in degrees, counter-clockwise, as that of `numpy.rot90`
    scale : a number or (N,), above 0; above 1 enlarges
    shear : a number or (N,), in degrees, by which upright lines lean to the right
    shift : a number, (2,) or (N, 2), in pixels, down and to the right

    Returns
    -------
    (N, C, H, W), dtype of `images`

    Raises
    ------
    ImportError
        SciPy is not installed.
    TypeError
        Images that are not floating.
    ValueError
        Images of another rank, parameters that are not finite, a scale of 0 or below, a shear beyond ±90°.

    References
    ----------
    Gonzalez and Woods (2018), Digital image processing, section 2.6, geometric transformations.

    Examples
    --------
    >>> affine(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), shift=np.array([0, 1]))[0, 0].tolist()
    [[0.0, 1.0], [0.0, 3.0]]
    """
    (x,), dtype = floats("affine", images=images)
    rank("affine", "images", x.shape, "(N, C, H, W)")
    N, _, H, W = x.shape
    theta, phi = np.radians(_per_image("rotation", rotation, (N,))), np.radians(_per_image("shear", shear, (N,)))
    factor, moved = _per_image("scale", scale, (N,)), _per_image("shift", shift, (N, 2))
    _refuse("scale", factor[factor <= 0], "finite and above 0")
    _refuse("shear", np.degrees(phi[np.abs(phi) >= np.pi / 2]), "within -90 and 90 degrees")
    # SciPy asks where an output pixel comes from, so for the inverse map.
    sin, cos, tan = np.sin(theta), np.cos(theta), np.tan(phi)
    inverse = np.array([[cos, sin], [tan * cos - sin, tan * sin + cos]]).transpose(2, 0, 1) / factor[:, None, None]
    centre = (np.array([H, W]) - 1) / 2
    origin = centre - np.einsum("nij,nj->ni", inverse, centre + moved)  # i, j: row or column
    ndimage, y = _ndimage(), np.empty_like(x)
    for channels, matrix, offset, warped in zip(x, inverse, origin, y, strict=True):
        for image, out in zip(channels, warped, strict=True):
            # grid-constant, unlike constant, blends into the zeros, and holds on to a border that is hit inexactly
            ndimage.affine_transform(image, matrix, offset, output=out, order=1, mode="grid-constant")
    return np.asarray(y, dtype)


def random_elastic(images: FloatArray, *, rng: np.random.Generator, alpha: float, sigma: float) -> FloatArray:
    """Displace the pixels of each image at random, neighbours alike, as an unsteady hand does.

    The pixel at (h, w) reads the image at (h, w) + alpha · (G ∗ u)(h, w): u holds two fields of independent values
    uniform in (−1, 1), G is a Gaussian of standard deviation sigma. Values are interpolated and filled as by `affine`.

    Parameters
    ----------
    images : (N, C, H, W), float16, float32 or float64
    rng : the generator that the fields are drawn from
    alpha : float, the strength; the displacement has a standard deviation of 0.16 · alpha / sigma pixels
    sigma : float, in pixels, how far neighbours are displaced alike

    Returns
    -------
    (N, C, H, W), dtype of `images`

    Raises
    ------
    ImportError
        SciPy is not installed.
    TypeError
        Images that are not floating, a setting that is not a number.
    ValueError
        Images of another rank, a strength below 0, a sigma of 0 or below.

    References
    ----------
    Simard, Steinkraus and Platt (2003), Best practices for convolutional neural networks applied to visual
    document analysis, section 2; they take alpha = 34 and sigma = 4 on images of 29 × 29 pixels.

    Examples
    --------
    >>> random_elastic(np.ones((2, 1, 5, 5)), rng=np.random.default_rng(0), alpha=34, sigma=4).shape
    (2, 1, 5, 5)
    """
    (x,), dtype = floats("random_elastic", images=images)
    rank("random_elastic", "images", x.shape, "(N, C, H, W)")
    alpha, sigma = real("random_elastic", "alpha", alpha), real("random_elastic", "sigma", sigma)
    require(0 <= alpha < np.inf, "random_elastic", "alpha", "finite and at least 0", alpha)
    require(0 < sigma < np.inf, "random_elastic", "sigma", "finite and above 0", sigma)
    ndimage, y = _ndimage(), np.empty_like(x)
    N, _, H, W = x.shape
    fields = rng.uniform(-1, 1, (N, 2, H, W))
    # wrap, so that the fields are as strong at the border as within
    places = np.indices((H, W)) + alpha * ndimage.gaussian_filter(fields, sigma, mode="wrap", axes=(2, 3))
    for channels, place, warped in zip(x, places, y, strict=True):
        for image, out in zip(channels, warped, strict=True):
            ndimage.map_coordinates(image, place, output=out, order=1, mode="grid-constant")
    return np.asarray(y, dtype)


def _bounds(argument: str, value: Range, around: float = 0) -> tuple[float, float]:
    """Return (low, high) of a range, or of the number that says how far it goes to both sides."""
    if isinstance(value, tuple | list):
        require(len(value) == 2, "random_affine", argument, "a number or (low, high)", value)
        low, high = (real("random_affine", argument, bound) for bound in value)
    else:
        reach = real("random_affine", argument, value)
        low, high = around - reach, around + reach
    require(low <= high, "random_affine", argument, "a range from low to high", (low, high))
    require(bool(np.isfinite([low, high]).all()), "random_affine", argument, "finite", (low, high))
    return low, high


def _per_image(argument: str, value: Values, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return parameters, one or two for each image; one for all is repeated."""
    given = np.asarray(value, np.float64)
    rule, got = f"broadcastable to {shape}", f"shape {given.shape}"
    fits = given.ndim <= len(shape) and all(
        size in (1, wanted) for size, wanted in zip(given.shape[::-1], shape[::-1], strict=False)
    )
    require(fits, "affine", argument, rule, got)
    _refuse(argument, given[~np.isfinite(given)], "finite and above 0" if argument == "scale" else "finite")
    return np.broadcast_to(given, shape)


def _refuse(argument: str, wrong: NDArray[np.float64], rule: str) -> None:
    """Refuse parameters of which some are wrong, quoting the first."""
    require(wrong.size == 0, "affine", argument, rule, *wrong.ravel()[:1].tolist() or [None])


def _ndimage() -> Any:
    try:
        from scipy import ndimage
    except ImportError as missing:
        raise ImportError("the warps of images need SciPy: pip install 'refcnn[mnist]'") from missing
    return ndimage
