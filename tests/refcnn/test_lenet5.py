"""LeNet-5 against the numbers of its paper, and its own layers against their definitions."""

import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import refcnn
from refcnn.models import LeNet5
from refcnn.models.lenet5 import CONNECTIONS
from refcnn.models.lenet5_layers import ScaledTanh, SparselyConnectedConv2d, SubSampling

Array = NDArray[np.floating[Any]]

# LeCun et al. (1998), section II.B: trainable parameters, connections, and maps of so many pixels.
PUBLISHED = {
    "c1": (156, 122_304, (6, 28, 28)),
    "s2": (12, 5_880, (6, 14, 14)),
    "c3": (1_516, 151_600, (16, 10, 10)),
    "s4": (32, 2_000, (16, 5, 5)),
    "c5": (48_120, 48_120, (120, 1, 1)),
    "f6": (10_164, 10_164, (84,)),
}


def connections(network: LeNet5, name: str) -> int:
    """Count as the paper does: one for a weight, or a bias, at a unit."""
    (row,) = (row for row in network.summary() if row.name == name)
    units = int(np.prod(row.output_shape))
    return row.multiply_adds + (units if "bias" in network.layers[name].parameters else 0)


@pytest.mark.parametrize("input_shape", [(1, 32, 32), (1, 28, 28)])
@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_connections_are_the_published_ones(name: str, input_shape: tuple[int, int, int]) -> None:
    network = LeNet5(input_shape)
    (row,) = (row for row in network.summary() if row.name == name)
    assert (row.parameters, connections(network, name), row.output_shape) == PUBLISHED[name]


def test_the_totals_are_the_published_ones() -> None:
    network = LeNet5()
    # The paper's output units have codes that are not trained, and 84 connections each.
    assert network.parameter_count - network.parameters["output.weight"].size == 60_000
    assert sum(connections(network, name) for name in (*PUBLISHED, "output")) == 340_908
    assert connections(network, "output") == 840


def test_the_table_is_the_papers() -> None:
    # Table I: its columns are the maps of C3, its rows those of S2.
    table = """
        X . . . X X X . . X X X X . X X
        X X . . . X X X . . X X X X . X
        X X X . . . X X X . . X . X X X
        . X X X . . X X X X . . X . X X
        . . X X X . . X X X X . X X . X
        . . . X X X . . X X X X . X X X
    """
    rows = [row.split() for row in table.split("\n") if row.strip()]
    columns = [{s for s in range(6) if rows[s][c] == "X"} for c in range(16)]
    assert [set(channels) for channels in CONNECTIONS] == columns
    assert sum(len(channels) for channels in CONNECTIONS) == 60


def test_digits_of_28_pixels_are_those_in_the_middle_of_32() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 28, 28)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
    y = LeNet5((3, 28, 28), rng=5).forward(x)
    assert_array_equal(y, LeNet5((3, 32, 32), rng=5).forward(padded))
    assert np.ptp(y) > 0.1


@pytest.mark.parametrize("size", [(32, 28), (28, 32), (36, 36), (27, 27)])
def test_images_of_another_size_are_refused(size: tuple[int, int]) -> None:
    rule = "input_shape must be (C, 32, 32), or (C, 28, 28) to be padded"
    message = f"LeNet5: c1: LeNet5: {rule}, got {(1, *size)}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LeNet5((1, *size))


@pytest.mark.parametrize(("name", "fan_in"), [("c1", 25), ("c5", 400), ("f6", 120), ("output", 84)])
def test_weights_begin_with_a_deviation_of_one_over_the_root_of_the_fan_in(name: str, fan_in: int) -> None:
    weight = LeNet5().parameters[f"{name}.weight"]
    # The deviation of n draws is off by a relative 1 / √2n, here no more than four times that.
    assert weight.std() * fan_in**0.5 == pytest.approx(1, abs=4 / (2 * weight.size) ** 0.5)


def test_the_squashing_function_keeps_one_and_bends_most_there() -> None:
    layer = ScaledTanh()
    assert layer.forward(np.array([-1.0, 1.0])) == pytest.approx([-1, 1], abs=1e-4)
    assert layer.forward(np.array([-1e3, 1e3])) == pytest.approx([-1.7159, 1.7159])
    slopes = [float(layer.backward(np.ones(1))[0]) for _ in [layer.forward(np.zeros(1))]]
    assert slopes == pytest.approx([1.7159 * 2 / 3])
    # The second derivative is largest at 1, to two digits.
    a = np.linspace(0.5, 1.5, 1001)
    layer.forward(a)
    bend = np.gradient(layer.backward(np.ones_like(a)), a)
    assert a[np.abs(bend).argmax()] == pytest.approx(1, abs=0.02)


def test_sub_sampling_scales_the_sum_and_adds_the_bias() -> None:
    x = np.arange(2 * 2 * 4 * 6, dtype=np.float64).reshape(2, 2, 4, 6)
    layer = SubSampling(2).astype(np.float64)
    layer.load({"weight": np.array([2.0, -3.0]), "bias": np.array([10.0, 20.0])})
    sums = x.reshape(2, 2, 2, 2, 3, 2).sum(axis=(3, 5))  # (N, C, OH, 2, OW, 2)
    want = sums * np.array([2.0, -3.0])[:, None, None] + np.array([10.0, 20.0])[:, None, None]
    assert_array_equal(layer.forward(x), want)


def test_the_gradients_of_sub_sampling_are_sums_over_its_pixels() -> None:
    rng = np.random.default_rng(0)
    x, g = (rng.integers(-9, 10, shape).astype(np.float64) for shape in ((2, 3, 4, 6), (2, 3, 2, 3)))
    weight = np.array([2.0, -3.0, 0.5])
    layer = SubSampling(3).astype(np.float64)
    layer.load({"weight": weight, "bias": np.zeros(3)})
    layer.forward(x)
    grad_x = layer.backward(g)
    sums = x.reshape(2, 3, 2, 2, 3, 2).sum(axis=(3, 5))  # (N, C, OH, 2, OW, 2)
    assert_array_equal(layer.gradients["weight"], (g * sums).sum(axis=(0, 2, 3)))
    assert_array_equal(layer.gradients["bias"], g.sum(axis=(0, 2, 3)))
    assert_array_equal(grad_x, (g * weight[:, None, None]).repeat(2, axis=2).repeat(2, axis=3))


def test_sub_sampling_begins_as_a_mean() -> None:
    x = np.random.default_rng(0).integers(0, 9, (2, 3, 4, 6)).astype(np.float32)
    y = SubSampling(3).forward(x)
    assert_array_equal(y, refcnn.avg_pool2d(x, 2))
    assert y.dtype == np.float32


def test_sub_sampling_refuses_other_channels() -> None:
    with pytest.raises(ValueError, match=r"^SubSampling: input_shape must be of 3 channels, got \(2, 4, 4\)$"):
        SubSampling(3).output_shape((2, 4, 4))


TABLE = [(0, 2), (1,), (2, 1, 0)]


def sparse(dtype: type[np.floating[Any]] = np.float64) -> tuple[SparselyConnectedConv2d, Array]:
    """Return a layer of small whole numbers, and its filters as a full array written by hand."""
    layer = SparselyConnectedConv2d(3, TABLE, (2, 1), rng=0).astype(dtype)
    weight = np.arange(1, 13, dtype=dtype).reshape(6, 2, 1)
    layer.load({"weight": weight, "bias": np.array([100, 200, 300], dtype)})
    zero = np.zeros((2, 1), dtype)
    full = [[weight[0], zero, weight[1]], [zero, weight[2], zero], [weight[5], weight[4], weight[3]]]
    return layer, np.array(full)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_that_a_table_leaves_out_are_zero(dtype: type[np.floating[Any]]) -> None:
    layer, full = sparse(dtype)
    x = np.random.default_rng(0).integers(1, 9, (2, 3, 5, 4)).astype(dtype)
    y = layer.forward(x)
    assert_array_equal(y, refcnn.conv2d(x, full, np.array([100, 200, 300], dtype)))
    assert y.dtype == dtype


def test_the_gradient_of_a_kernel_is_read_where_it_lies() -> None:
    layer, full = sparse()
    rng = np.random.default_rng(0)
    x, g = (rng.integers(-9, 10, shape).astype(np.float64) for shape in ((2, 3, 5, 4), (2, 3, 4, 4)))
    layer.forward(x)
    grad_x = layer.backward(g)
    want_x, want, want_bias = refcnn.conv2d_backward(g, x, full, stride=1, padding=0, dilation=1, groups=1)
    kernels = np.array([want[0, 0], want[0, 2], want[1, 1], want[2, 2], want[2, 1], want[2, 0]])
    assert_array_equal(grad_x, want_x)
    assert_array_equal(layer.gradients["weight"], kernels)
    assert_array_equal(layer.gradients["bias"], want_bias)


def test_a_full_table_is_a_convolution() -> None:
    layer = SparselyConnectedConv2d(2, [(0, 1), (0, 1), (0, 1)], 3, rng=0)
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 6)).astype(np.float32)
    weight = layer.parameters["weight"].reshape(3, 2, 3, 3)
    assert_array_equal(layer.forward(x), refcnn.conv2d(x, weight))
    assert layer.multiply_adds((2, 5, 6)) == weight.size * 3 * 4


def test_kernels_begin_by_the_fan_in_of_their_filter() -> None:
    layer = SparselyConnectedConv2d(9, [tuple(range(9)), (0,)], 30, rng=0)
    kernels = layer.parameters["weight"]
    assert kernels.dtype == np.float32
    # 900 draws a kernel: 1 / √1800 is 0.024, here no more than four times that.
    assert kernels[:9].std() * (9 * 900) ** 0.5 == pytest.approx(1, abs=0.032)
    assert kernels[9].std() * 900**0.5 == pytest.approx(1, abs=0.095)


@pytest.mark.parametrize("channels", [(), (0, 3), (-1,), (1, 1)])
def test_an_impossible_table_is_refused(channels: tuple[int, ...]) -> None:
    rule = "different channels from 0 to 2, at least one a filter"
    message = f"SparselyConnectedConv2d: connections must be {rule}, got {channels}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        SparselyConnectedConv2d(3, [(0, 1), channels], 2, rng=0)
