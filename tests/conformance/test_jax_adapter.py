"""JAX behind the contract: the reference's answers on a few shapes, and where JAX differs.

XLA compiles for every shape, so that the judge takes minutes: a job of its own in CI has it judge the adapter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import refcnn

jax = pytest.importorskip("jax", reason="the adapter stands on JAX, which is an optional dependency")

from conformance.adapters import _jax_bridge as bridge  # noqa: E402 - it imports JAX, which may be missing
from conformance.adapters import jax as adapter  # noqa: E402 - as above

Array = npt.NDArray[Any]


def draw(*shape: int, dtype: Any = np.float64) -> Array:
    return np.random.default_rng(len(shape) + sum(shape)).standard_normal(shape).astype(dtype)


def assert_agrees(name: str, *arrays: Any, **attributes: Any) -> None:
    """Compare the adapter with the reference, each result and its dtype."""
    dtype = next(array.dtype for array in arrays if isinstance(array, np.ndarray))
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    ours, theirs = (getattr(module, name)(*arrays, **attributes) for module in (adapter, refcnn))
    pairs = zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]
    for i, (got, want) in enumerate(pairs):
        assert np.asarray(got).dtype == dtype, f"{name}[{i}]"
        np.testing.assert_allclose(got, want, tolerance, tolerance, err_msg=f"{name}[{i}]", strict=True)


def test_it_provides_every_operator_of_the_reference() -> None:
    assert set(adapter.__all__) - {"CONVENTIONS"} == set(refcnn.__all__)


def test_only_where_cudnn_convolves_is_the_accuracy_declared_to_be_normwise() -> None:
    on_a_gpu = jax.default_backend() == "gpu"
    assert set(adapter.CONVENTIONS.values()) == ({"normwise"} if on_a_gpu else set())


def test_an_option_that_the_installed_xla_no_longer_has_is_left_out() -> None:
    kept = {"xla_backend_optimization_level": 0}
    assert bridge.known(kept | {"xla_an_option_of_another_release": True}) == kept


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_images_agree_with_the_reference(dtype: Any) -> None:
    x, weight = draw(2, 4, 7, 6, dtype=dtype), draw(6, 2, 2, 3, dtype=dtype)
    how: dict[str, Any] = {"stride": (2, 1), "padding": ((2, 0), (1, 3)), "dilation": (2, 1)}
    assert_agrees("im2col", x, (2, 3), **how)
    assert_agrees("col2im", refcnn.im2col(x, (2, 3), **how), x.shape, (2, 3), **how)
    assert_agrees("conv2d", x, weight, draw(6, dtype=dtype), groups=2, **how)
    grad_output = np.ones_like(refcnn.conv2d(x, weight, groups=2, **how))
    assert_agrees("conv2d_backward", grad_output, x, weight, groups=2, **how)
    kernels, how = draw(4, 3, 2, 3, dtype=dtype), how | {"output_padding": (1, 0), "groups": 2}
    assert_agrees("conv_transpose2d", x, kernels, draw(6, dtype=dtype), **how)
    grad_output = np.ones_like(refcnn.conv_transpose2d(x, kernels, **how))
    assert_agrees("conv_transpose2d_backward", grad_output, x, kernels, **how)


@pytest.mark.parametrize("batch", [0, 2])
def test_signals_agree_with_the_reference(batch: int) -> None:
    x, weight = draw(batch, 4, 7), draw(6, 2, 3)
    how: dict[str, Any] = {"stride": 2, "padding": (1, 3), "dilation": 2, "groups": 2}
    assert_agrees("conv1d", x, weight, **how)
    assert_agrees("conv1d_backward", np.ones_like(refcnn.conv1d(x, weight, **how)), x, weight, **how)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling_agrees_with_the_reference(ceil_mode: bool) -> None:
    x = np.round(draw(2, 2, 7, 6))
    how: dict[str, Any] = {"stride": (2, 3), "padding": ((1, 0), (0, 1)), "ceil_mode": ceil_mode}
    grad_output = draw(*refcnn.max_pool2d(x, (3, 2), **how).shape)
    assert_agrees("max_pool2d", x, (3, 2), dilation=(2, 1), **how)
    assert_agrees("max_pool2d_backward", grad_output, x, (3, 2), dilation=1, **how)
    for count in (False, True):
        assert_agrees("avg_pool2d", x, (3, 2), count_include_pad=count, **how)
        assert_agrees("avg_pool2d_backward", grad_output, x, (3, 2), count_include_pad=count, **how)


def test_layers_agree_with_the_reference() -> None:
    x, weight = draw(3, 4), draw(5, 4)
    assert_agrees("linear", x, weight, draw(5))
    assert_agrees("linear", x, weight)
    assert_agrees("linear_backward", draw(3, 5), x, weight)
    for name in ("relu", "sigmoid", "tanh", "softmax"):
        assert_agrees(name, x)
        assert_agrees(f"{name}_backward", draw(3, 4) + 1, x)
    image = draw(3, 4, 3, 2)
    assert_agrees("global_avg_pool2d", image)
    assert_agrees("global_avg_pool2d_backward", draw(3, 4, 1, 1), image)
    how = {"size": 4, "alpha": 0.5, "beta": 0.75, "k": 2.0}
    assert_agrees("local_response_norm", image, **how)
    assert_agrees("local_response_norm_backward", image + 1, image, **how)


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_agrees_with_the_reference(training: bool) -> None:
    x, (gamma, beta, mean, var) = draw(2, 3, 4, 5), np.abs(draw(4, 3))
    assert_agrees("batch_norm", x, gamma, beta, mean, var, training=training)
    assert_agrees("batch_norm_backward", x + 1, x, gamma, mean, var, training=training, eps=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_and_updates_agree_with_the_reference(dtype: Any) -> None:
    logits = 100 * draw(4, 3, dtype=dtype)
    for target in (np.array([0, 2, 1, 2], np.uint8), np.abs(draw(4, 3, dtype=dtype))):
        assert_agrees("cross_entropy", logits, target)
        assert_agrees("cross_entropy_backward", logits, target)
    param, grad, m, v = np.abs(draw(4, 2, 3, dtype=dtype))
    assert_agrees("sgd_update", param, grad, lr=0.1)
    assert_agrees("momentum_update", param, grad, m, lr=0.1, momentum=0.9)
    assert_agrees("adam_update", param, grad, m, v, step=7, lr=0.1)


def test_the_first_nan_gets_the_gradient_where_jax_takes_the_last() -> None:
    x = np.array([[[[1.0, np.nan], [np.nan, 2.0]]]])
    how: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
    grad = adapter.max_pool2d_backward(np.array([[[[3.0]]]]), x, 2, **how)
    np.testing.assert_array_equal(grad, [[[[0.0, 3.0], [0.0, 0.0]]]])


def test_padding_never_gets_the_gradient_of_minus_infinity() -> None:
    x = np.full((1, 1, 2, 2), -np.inf)
    how: dict[str, Any] = {"stride": 1, "padding": ((1, 0), (0, 1)), "dilation": 1, "ceil_mode": False}
    grad = adapter.max_pool2d_backward(np.ones((1, 1, 2, 2)), x, 2, **how)
    np.testing.assert_array_equal(grad, [[[[2.0, 2.0], [0.0, 0.0]]]])


def test_a_maximum_over_dilated_windows_has_no_gradient_in_jax() -> None:
    how: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 2, "ceil_mode": False}
    with pytest.raises(NotImplementedError, match="window dilation"):
        adapter.max_pool2d_backward(np.ones((1, 1, 1, 1)), np.ones((1, 1, 3, 3)), 2, **how)


def test_an_infinity_that_a_window_does_not_see_is_no_nan_in_its_row() -> None:
    rows = adapter.im2col(np.array([[[[1.0, np.inf, 2.0]]]]), (1, 2))
    np.testing.assert_array_equal(rows, [[1.0, np.inf], [np.inf, 2.0]])


def test_dropout_masks_depend_on_seed_and_shape_alone() -> None:
    x = np.ones((40, 50))
    y = adapter.dropout(x, p=0.25, training=True, seed=3)
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert 0.2 < np.mean(y == 0) < 0.3
    np.testing.assert_array_equal(adapter.dropout(x.astype(np.float32), p=0.25, training=True, seed=3) == 0, y == 0)
    grad = adapter.dropout_backward(2 * x, np.zeros_like(x), p=0.25, training=True, seed=3)
    np.testing.assert_array_equal(grad, 2 * y)
    np.testing.assert_array_equal(adapter.dropout(x, p=0.25, training=False, seed=3), x)


def test_bad_input_is_refused_before_jax_sees_it() -> None:
    x, weight = np.ones((2, 4, 5, 6)), np.ones((6, 4, 3, 3))
    with pytest.raises(ValueError, match=r"^conv2d: stride must be at least 1, got 0"):
        adapter.conv2d(x, weight, stride=0)
    with pytest.raises(ValueError, match=r"^relu_backward: grad_output must be of shape"):
        adapter.relu_backward(x[0], x)
    with pytest.raises(TypeError, match=r"^relu: x must be of a floating dtype, got int64"):
        adapter.relu(np.arange(3))
