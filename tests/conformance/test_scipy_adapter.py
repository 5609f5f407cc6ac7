"""SciPy behind the contract: hand-worked cases, and where its filters mean something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the adapter stands on SciPy, which is an optional dependency")

from scipy import ndimage

from conformance.adapters import scipy as adapter
from conformance.contract import operator_of

OPERATORS = sorted({operator_of(name).name for name in adapter.__all__})


def test_it_provides_what_scipy_has() -> None:
    assert [
        *("avg_pool2d", "conv1d", "conv2d", "conv_transpose2d", "cross_entropy", "linear", "local_response_norm"),
        *("max_pool2d", "sigmoid", "softmax"),
    ] == OPERATORS


def test_conv2d_correlates_without_a_flip() -> None:
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    np.testing.assert_array_equal(adapter.conv2d(x, weight, np.array([0.5])), [[[[5421.5, 6532.5]]]])


def test_a_stride_leaves_pixels_without_a_gradient() -> None:
    x, weight = np.arange(1.0, 6.0).reshape(1, 1, 5), np.array([[[1.0, 10.0]]])
    how = {"stride": 3, "padding": 0, "dilation": 1, "groups": 1}
    grad_x, grad_weight, grad_bias = adapter.conv1d_backward(np.array([[[1.0, 2.0]]]), x, weight, **how)
    np.testing.assert_array_equal(grad_x, [[[1.0, 10.0, 0.0, 2.0, 20.0]]])
    np.testing.assert_array_equal(grad_weight, [[[1.0 + 2 * 4, 2.0 + 2 * 5]]])
    np.testing.assert_array_equal(grad_bias, [3.0])


def test_conv_transpose2d_spreads_pixels_and_adds_a_last_column() -> None:
    x, weight = np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 10.0]]]])
    y = adapter.conv_transpose2d(x, weight, np.array([0.5]), stride=(1, 3), output_padding=(0, 2))
    np.testing.assert_array_equal(y, [[[[1.5, 10.5, 0.5, 2.5, 20.5, 0.5, 0.5]]]])


def test_a_nan_wins_its_window_wherever_it_stands_though_not_to_maximum_filter() -> None:
    rows = [np.array([1.0, np.nan, 2.0]), np.array([np.nan, 1.0, 2.0])]
    assert [bool(np.isnan(ndimage.maximum_filter(row, 3)[1])) for row in rows] != [True, True]
    for row in rows:
        assert np.isnan(adapter.max_pool2d(row.reshape(1, 1, 1, 3), (1, 3)))


def test_the_mean_is_over_the_cells_that_count() -> None:
    x = np.array([[[[3.0, 6.0, 9.0]]]])
    how: dict[str, Any] = {"stride": (1, 2), "padding": ((0, 0), (1, 0)), "ceil_mode": True}
    with_padding = adapter.avg_pool2d(x, (1, 3), **how)
    np.testing.assert_array_equal(with_padding, [[[[3.0, 7.5]]]])
    np.testing.assert_array_equal(adapter.avg_pool2d(x, (1, 3), count_include_pad=False, **how), [[[[4.5, 7.5]]]])


def test_a_window_of_even_size_leans_to_lower_channels() -> None:
    x = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    y = adapter.local_response_norm(x, size=2, alpha=2.0, beta=1.0, k=0.0)
    np.testing.assert_allclose(y.ravel(), [1 / 1, 2 / 5, 3 / 13], rtol=1e-15)


def test_labels_and_weights_mean_the_same() -> None:
    logits = np.array([[0.0, 100.0], [0.0, 0.0]])
    for target in (np.array([0, 1]), np.eye(2)):
        np.testing.assert_allclose(adapter.cross_entropy(logits, target), (100 + np.log(2)) / 2, rtol=1e-15)


def test_a_layer_without_features_is_its_bias() -> None:
    y = adapter.linear(np.ones((2, 0)), np.ones((3, 0)), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(y, [[1.0, 2.0, 3.0]] * 2)
