"""PyTorch behind the contract: hand-worked cases, the reference's answers, and where PyTorch differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import refcnn

torch = pytest.importorskip("torch", reason="the adapter stands on PyTorch, which is an optional dependency")

from conformance.adapters import torch as adapter  # noqa: E402 - it imports PyTorch, which may be missing

Array = npt.NDArray[Any]
DTYPES = (np.float32, np.float64)
CONV = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
TRANSPOSED = CONV | {"output_padding": 0}
MAX_POOL: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
AVG_POOL: dict[str, Any] = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True}
UNEQUAL = ((2, 0), (1, 3))


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
    assert set(adapter.__all__) - {"CONVENTIONS", "DEVICES"} == set(refcnn.__all__)


def test_conv2d_correlates_without_a_flip() -> None:
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    np.testing.assert_array_equal(adapter.conv2d(x, weight, np.array([0.5])), [[[[5421.5, 6532.5]]]])


def test_asymmetric_padding_is_before_and_after() -> None:
    x = np.array([[[1.0, 2.0]]])
    weight = np.array([[[1.0, 10.0]]])
    np.testing.assert_array_equal(adapter.conv1d(x, weight, padding=(2, 0)), [[[0.0, 10.0, 21.0]]])


def test_im2col_rows_are_windows_and_columns_channels_first() -> None:
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    np.testing.assert_array_equal(adapter.im2col(x, (2, 1)), [[0.0, 2.0, 4.0, 6.0], [1.0, 3.0, 5.0, 7.0]])


def test_the_first_nan_gets_the_gradient_where_pytorch_takes_the_last() -> None:
    x = np.array([[[[1.0, np.nan], [np.nan, 2.0]]]])
    grad = adapter.max_pool2d_backward(np.array([[[[3.0]]]]), x, 2, **MAX_POOL)
    np.testing.assert_array_equal(grad, [[[[0.0, 3.0], [0.0, 0.0]]]])
    one = torch.from_numpy(x.copy()).requires_grad_()
    torch.nn.functional.max_pool2d(one, 2).sum().backward()
    np.testing.assert_array_equal(one.grad.numpy(), [[[[0.0, 0.0], [1.0, 0.0]]]])


@pytest.mark.parametrize("padding", [1, ((1, 0), (0, 1))])
def test_padding_never_gets_the_gradient_of_minus_infinity(padding: Any) -> None:
    x = np.full((1, 1, 2, 2), -np.inf)
    attributes = MAX_POOL | {"stride": 1, "padding": padding}
    grad_output = np.ones_like(adapter.max_pool2d(x, 2, **attributes))
    grad = adapter.max_pool2d_backward(grad_output, x, 2, **attributes)
    assert grad.sum() == grad_output.size


def test_a_dilated_window_in_the_padding_is_minus_infinity_and_routes_nothing() -> None:
    x = np.ones((1, 1, 1, 1))
    attributes = MAX_POOL | {"stride": 1, "padding": 1, "dilation": 2}
    np.testing.assert_array_equal(adapter.max_pool2d(x, 2, **attributes), [[[[-np.inf]]]])
    grad = adapter.max_pool2d_backward(np.ones((1, 1, 1, 1)), x, 2, **attributes)
    np.testing.assert_array_equal(grad, [[[[0.0]]]])


def test_a_weight_of_zero_silences_an_infinite_logarithm() -> None:
    highest = np.finfo(np.float64).max
    logits = np.array([[highest, -highest]])
    assert adapter.cross_entropy(logits, np.array([[1.0, 0.0]])) == 0
    assert adapter.cross_entropy(logits, np.array([[0.5, 0.5]])) > highest / 2


@pytest.mark.no_cover
def test_momentum_of_zero_still_answers_with_the_gradient_as_velocity() -> None:
    param, velocity = adapter.momentum_update(np.ones(2), np.full(2, 3.0), np.full(2, 9.0), lr=0.5, momentum=0.0)
    np.testing.assert_array_equal(param, [-0.5, -0.5])
    np.testing.assert_array_equal(velocity, [3.0, 3.0])


def test_the_first_step_of_adam_is_lr_long() -> None:
    param, m, v = adapter.adam_update(np.ones(1), np.full(1, 4.0), np.zeros(1), np.zeros(1), step=1, lr=0.5, eps=0.0)
    np.testing.assert_allclose((param[0], m[0], v[0]), (0.5, 0.4, 0.016), rtol=1e-12)


def test_running_var_is_unbiased() -> None:
    x = np.array([[0.0], [2.0]])
    zero, one = np.zeros(1), np.ones(1)
    y, mean, var = adapter.batch_norm(x, one, zero, zero, zero, training=True, momentum=1.0)
    np.testing.assert_allclose(y, [[-1.0], [1.0]], rtol=1e-4)
    np.testing.assert_allclose((mean[0], var[0]), (1.0, 2.0), rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("padding", [0, (2, 1), UNEQUAL])
def test_images_agree_with_the_reference(dtype: Any, batch: int, padding: Any) -> None:
    x, weight = draw(batch, 4, 7, 6, dtype=dtype), draw(6, 2, 2, 3, dtype=dtype)
    how: dict[str, Any] = {"stride": (2, 1), "padding": padding, "dilation": (2, 1)}
    assert_agrees("im2col", x, (2, 3), **how)
    cols = refcnn.im2col(x, (2, 3), **how)
    assert_agrees("col2im", cols, x.shape, (2, 3), **how)
    assert_agrees("conv2d", x, weight, draw(6, dtype=dtype), groups=2, **how)
    grad_output = np.ones_like(refcnn.conv2d(x, weight, groups=2, **how))
    assert_agrees("conv2d_backward", grad_output, x, weight, groups=2, **how)
    kernels, how = draw(4, 3, 2, 3, dtype=dtype), how | {"output_padding": (1, 0), "groups": 2}
    assert_agrees("conv_transpose2d", x, kernels, draw(6, dtype=dtype), **how)
    grad_output = np.ones_like(refcnn.conv_transpose2d(x, kernels, **how))
    assert_agrees("conv_transpose2d_backward", grad_output, x, kernels, **how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("padding", [2, (1, 3)])
def test_signals_agree_with_the_reference(dtype: Any, batch: int, padding: Any) -> None:
    x, weight = draw(batch, 4, 7, dtype=dtype), draw(6, 2, 3, dtype=dtype)
    how: dict[str, Any] = {"stride": 2, "padding": padding, "dilation": 2, "groups": 2}
    assert_agrees("conv1d", x, weight, **how)
    grad_output = np.ones_like(refcnn.conv1d(x, weight, **how))
    assert_agrees("conv1d_backward", grad_output, x, weight, **how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("padding", [0, 1, ((1, 0), (0, 1)), ((0, 1), (1, 0))])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("stride", [None, 1, (2, 3), 5])
def test_pooling_agrees_with_the_reference(dtype: Any, batch: int, padding: Any, ceil_mode: bool, stride: Any) -> None:
    x = np.round(draw(batch, 2, 7, 6, dtype=dtype))
    how = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    for dilation in (1, (2, 1)):
        grad_output = draw(*refcnn.max_pool2d(x, (3, 2), dilation=dilation, **how).shape, dtype=dtype)
        assert_agrees("max_pool2d", x, (3, 2), dilation=dilation, **how)
        assert_agrees("max_pool2d_backward", grad_output, x, (3, 2), dilation=dilation, **how)
    for count in (False, True):
        grad_output = draw(*refcnn.avg_pool2d(x, (3, 2), **how).shape, dtype=dtype)
        assert_agrees("avg_pool2d", x, (3, 2), count_include_pad=count, **how)
        assert_agrees("avg_pool2d_backward", grad_output, x, (3, 2), count_include_pad=count, **how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [0, 3])
def test_layers_agree_with_the_reference(dtype: Any, batch: int) -> None:
    x, weight = draw(batch, 4, dtype=dtype), draw(5, 4, dtype=dtype)
    assert_agrees("linear", x, weight)
    assert_agrees("linear", x, weight, draw(5, dtype=dtype))
    assert_agrees("linear_backward", draw(batch, 5, dtype=dtype), x, weight)
    for name in ("relu", "sigmoid", "tanh", "softmax"):
        assert_agrees(name, x)
        assert_agrees(f"{name}_backward", draw(batch, 4, dtype=dtype) + 1, x)
    image = draw(batch, 4, 3, 2, dtype=dtype)
    assert_agrees("global_avg_pool2d", image)
    assert_agrees("global_avg_pool2d_backward", draw(batch, 4, 1, 1, dtype=dtype), image)
    for size in (1, 2, 3, 4, 9):
        how = {"size": size, "alpha": 0.5, "beta": 0.75, "k": 2.0}
        assert_agrees("local_response_norm", image, **how)
        assert_agrees("local_response_norm_backward", image + 1, image, **how)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 3), (4, 3), (0, 3, 2, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_agrees_with_the_reference(dtype: Any, shape: Any, training: bool) -> None:
    if training and shape[0] == 0:
        with pytest.raises(ValueError, match="2 or more values a channel"):
            adapter.batch_norm(np.zeros(shape), *np.ones((4, 3)), training=True)
        return
    x, (gamma, beta, mean, var) = draw(*shape, dtype=dtype), np.abs(draw(4, 3, dtype=dtype))
    assert_agrees("batch_norm", x, gamma, beta, mean, var, training=training)
    assert_agrees("batch_norm_backward", x + 1, x, gamma, mean, var, training=training, eps=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_and_updates_agree_with_the_reference(dtype: Any) -> None:
    logits = 100 * draw(4, 3, dtype=dtype)
    for target in (np.array([0, 2, 1, 2], np.uint8), np.abs(draw(4, 3, dtype=dtype))):
        assert_agrees("cross_entropy", logits, target)
        assert_agrees("cross_entropy_backward", logits, target)
    param, grad, m, v = np.abs(draw(4, 2, 3, dtype=dtype))
    assert_agrees("sgd_update", param, grad, lr=0.1)
    assert_agrees("momentum_update", param, grad, m, lr=0.1, momentum=0.9)
    assert_agrees("adam_update", param, grad, m, v, step=7, lr=0.1)


def test_dropout_masks_depend_on_seed_and_shape_alone() -> None:
    x = np.ones((40, 50))
    y = adapter.dropout(x, p=0.25, training=True, seed=3)
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert 0.2 < np.mean(y == 0) < 0.3
    single = adapter.dropout(x.astype(np.float32), p=0.25, training=True, seed=3)
    np.testing.assert_array_equal(single == 0, y == 0)
    assert single.dtype == np.float32
    grad = adapter.dropout_backward(2 * x, np.zeros_like(x), p=0.25, training=True, seed=3)
    np.testing.assert_array_equal(grad, 2 * y)
    assert np.any(adapter.dropout(x, p=0.25, training=True, seed=4) != y)
    np.testing.assert_array_equal(adapter.dropout(x, p=0.25, training=False, seed=3), x)
    np.testing.assert_array_equal(adapter.dropout_backward(2 * x, x, p=0.25, training=False, seed=3), 2 * x)


def test_a_dropped_nan_is_zero() -> None:
    y = adapter.dropout(np.full(100, np.nan), p=0.5, training=True, seed=0)
    assert np.any(y == 0)


def test_inputs_of_any_layout_are_read_and_never_aliased() -> None:
    x = draw(3, 4)[::-1, ::-1].astype(">f8")
    x.flags.writeable = False
    y = adapter.dropout(x, p=0.5, training=False, seed=0)
    np.testing.assert_array_equal(y, x)
    assert y.flags.writeable
    assert not np.shares_memory(y, x)


def test_the_state_of_pytorch_is_left_alone() -> None:
    before = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_default_dtype()
    with torch.no_grad():
        adapter.dropout_backward(np.ones(9), np.ones(9), p=0.5, training=True, seed=1)
        assert not torch.is_grad_enabled()
    adapter.adam_update(*np.ones((4, 3)), step=1, lr=0.1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.is_grad_enabled(), torch.get_default_dtype()) == before[1:]


X, W, V = np.ones((2, 4, 5, 6)), np.ones((6, 4, 3, 3)), np.ones(3)
TRANSPOSED_W = np.ones((4, 6, 3, 3))
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("conv2d", (X, W), {"stride": 0}, "stride must be at least 1, got 0"),
    ("conv2d", (X, W), {"stride": (1, 1, 1)}, "stride must be one int or 2 of them"),
    ("conv2d", (X, W), {"dilation": (0, 1)}, "dilation must be at least 1"),
    ("conv2d", (X, W), {"dilation": 3}, "kernel_size must be within the padded image of 5, got 7"),
    ("conv2d", (X, W), {"groups": 0}, "groups must be at least 1"),
    ("conv2d", (X, W), {"groups": 3}, "groups must be a divisor of 4 and 6, got 3"),
    ("conv2d", (X, W), {"groups": 2}, "weight must be of shape"),
    ("conv2d", (X, W), {"padding": -1}, "padding must be at least 0"),
    ("conv2d", (X, W), {"padding": ((0, 0), (0, -1))}, "padding must be at least 0"),
    ("conv2d", (X, W), {"padding": (1, 1, 1)}, "padding must be given for 2 axes"),
    ("conv2d", (X, W[:, :, :0]), {}, "kernel_size must be at least 1"),
    ("conv2d", (X, W, np.ones(5)), {}, "bias must be of shape"),
    ("conv2d", (X[0], W), {}, "x must be 4-D"),
    ("conv2d_backward", (X, X, W), CONV, "grad_output must be of shape"),
    ("conv_transpose2d", (X, TRANSPOSED_W), {"output_padding": 1}, "output_padding must be below"),
    ("conv_transpose2d", (X, TRANSPOSED_W), {"padding": 9}, "padding must be small enough"),
    ("conv_transpose2d", (X, TRANSPOSED_W), {"groups": 3}, "groups must be a divisor of 4"),
    ("conv_transpose2d", (X, TRANSPOSED_W[:3]), {}, "weight must be of shape"),
    ("conv_transpose2d_backward", (X, X, TRANSPOSED_W), TRANSPOSED, "grad_output must be of shape"),
    ("col2im", (X[0, 0], X.shape, 3), {}, "cols must be of shape"),
    ("max_pool2d", (X, 0), {}, "kernel_size must be at least 1"),
    ("max_pool2d", (X, 6), {"ceil_mode": True}, "kernel_size must be within"),
    ("max_pool2d", (X, 3), {"padding": 2}, "padding must be at most half of kernel_size 3"),
    ("max_pool2d_backward", (X, X, 2), MAX_POOL, "grad_output must be of shape"),
    ("avg_pool2d_backward", (X, X, 2), AVG_POOL, "grad_output must be of shape"),
    ("global_avg_pool2d", (V,), {}, "x must be 4-D"),
    ("linear", (np.ones((2, 3)), np.ones((4, 2))), {}, "weight must be of shape"),
    ("linear", (np.ones((2, 3)), np.ones((4, 3)), V), {}, "bias must be of shape"),
    ("softmax", (V,), {"axis": 1}, "axis must be an axis of"),
    ("softmax", (V,), {"axis": -2}, "axis must be at least -1"),
    ("cross_entropy", (np.ones((0, 3)), np.ones((0, 3))), {}, "logits must be a batch of at least 1"),
    ("cross_entropy", (np.ones((1, 3)), np.array([-100])), {}, "target must be labels from 0 to 2"),
    ("cross_entropy", (np.ones((1, 3)), np.array([1, 1])), {}, "target must be of shape"),
    ("batch_norm", (X[:1, :, :1, :1], *np.ones((4, 4))), {"training": True}, "2 or more values"),
    ("local_response_norm", (X,), {"size": 0}, "size must be at least 1"),
    ("dropout", (X,), {"p": 1.0, "training": False, "seed": 0}, r"p must be in \[0, 1\)"),
    ("sgd_update", (V, V[:2]), {"lr": 0.1}, "grad must be of shape"),
    ("adam_update", (V, V, V, V), {"step": 0, "lr": 0.1}, "step must be at least 1"),
]
MISTYPED: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("relu", (np.arange(3),), {}, "x must be of a floating dtype, got int64"),
    ("conv2d", (X, W), {"stride": 1.5}, "stride must be made of integers, got 1.5"),
    ("conv2d", (X, W.astype(np.float32)), {}, "x, weight must be of one dtype"),
    ("conv2d", (X, W, np.ones(6, np.float32)), {}, "x, weight, bias must be of one dtype"),
    ("relu_backward", (V.astype(np.float32), V), {}, "grad_output must be of dtype"),
    ("cross_entropy", (np.ones((1, 3)), np.array(["a"])), {}, "target must be integer labels or floating"),
    ("cross_entropy", (np.ones((1, 3)), np.ones((1, 3), np.float32)), {}, "target must be of dtype"),
]


@pytest.mark.parametrize(("name", "arrays", "attributes", "message"), REFUSED)
def test_bad_values_are_refused(name: str, arrays: Any, attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: .*{message}"):
        getattr(adapter, name)(*arrays, **attributes)


@pytest.mark.parametrize(("name", "arrays", "attributes", "message"), MISTYPED)
def test_wrong_types_are_refused(name: str, arrays: Any, attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{name}: .*{message}"):
        getattr(adapter, name)(*arrays, **attributes)


def test_float16_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="float16"):
        adapter.relu(np.ones(3, np.float16))


def test_a_device_without_float64_does_not_support_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.adapters._torch_bridge.DEVICE", "mps")
    with pytest.raises(NotImplementedError, match="Metal has no float64"):
        adapter.relu(np.ones(3))


def test_the_cpu_is_held_to_componentwise_bounds_and_always_there() -> None:
    assert adapter.CONVENTIONS == {}
    assert adapter.DEVICES[0] == "cpu"
