"""ONNX Runtime behind the contract: hand-worked cases, where it differs, and what it leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the adapter builds its models with onnx, which is an optional dependency")
pytest.importorskip("onnxruntime", reason="the adapter stands on ONNX Runtime, which is an optional dependency")

from conformance.adapters import _onnx_bridge, onnxruntime
from conformance.adapters._onnx_bridge import node, run, run_afresh
from conformance.deviations import read_deviations
from conformance.implementation import load
from conformance.judge import first_failure
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

TARGET = "conformance.adapters.onnxruntime"
DEVIATIONS = Path(onnxruntime.__file__).with_suffix(".toml")
LOWEST = float(np.finfo(np.float32).min)


def f32(*values: Any) -> Any:
    return np.array(values, np.float32)


def test_it_provides_the_operators_that_onnx_has() -> None:
    provided = {requirement.operator for requirement in REQUIREMENTS if load(TARGET).provides(requirement.operator)}
    assert provided == set(onnxruntime.__all__) - {"CONVENTIONS"}
    assert provided == {
        *("avg_pool2d", "batch_norm", "col2im", "conv1d", "conv2d", "conv_transpose2d", "cross_entropy", "dropout"),
        *("global_avg_pool2d", "linear", "local_response_norm", "max_pool2d", "relu", "sigmoid", "softmax", "tanh"),
    }


def test_conv2d_correlates_without_a_flip_and_pads_before_and_after() -> None:
    x = f32([[[1, 2, 3], [4, 5, 6]]])
    weight = f32([[[1, 10], [100, 1000]]])
    np.testing.assert_array_equal(onnxruntime.conv2d(x, weight, f32(0.5)), [[[[5421.5, 6532.5]]]])
    padded = onnxruntime.conv2d(x, weight, padding=((0, 0), (1, 0)))
    np.testing.assert_array_equal(padded, [[[[4010, 5421, 6532]]]])


def test_conv_transpose2d_spreads_pixels_and_adds_a_last_column() -> None:
    y = onnxruntime.conv_transpose2d(f32([[[1, 2]]]), f32([[[1, 10]]]), stride=(1, 3), output_padding=(0, 2))
    np.testing.assert_array_equal(y, [[[[1, 10, 0, 2, 20, 0, 0]]]])


def test_col2im_adds_overlaps_up() -> None:
    cols = f32([1, 2], [10, 20])
    np.testing.assert_array_equal(onnxruntime.col2im(cols, (1, 1, 1, 3), (1, 2)), [[[[1, 12, 20]]]])


def test_labels_and_weights_mean_the_same() -> None:
    logits = f32([0, 100], [0, 0])
    by_labels = onnxruntime.cross_entropy(logits, np.array([0, 1]))
    by_weights = onnxruntime.cross_entropy(logits, f32([1, 0], [0, 1]))
    np.testing.assert_allclose([by_labels, by_weights], (100 + np.log(2)) / 2, rtol=1e-6)


def test_running_var_is_biased_and_momentum_is_the_part_of_the_batch() -> None:
    x, one, zero = f32([0], [2]), f32(1), f32(0)
    y, mean, var = onnxruntime.batch_norm(x, one, zero, zero, f32(3), training=True, momentum=0.25)
    np.testing.assert_allclose(y, [[-1], [1]], rtol=1e-4)
    np.testing.assert_allclose((mean[0], var[0]), (0.25, 0.75 * 3 + 0.25 * 1), rtol=1e-6)
    assert onnxruntime.CONVENTIONS == {"batch_norm.running_var": "biased"}


def test_a_float64_epsilon_is_not_rounded_to_float32() -> None:
    x, one, zero = np.array([[1.0]]), np.ones(1), np.zeros(1)
    y, *_ = onnxruntime.batch_norm(x, one, zero, zero, zero, training=False, eps=0.01)
    np.testing.assert_allclose(y, [[10.0]], rtol=1e-15)


def test_a_maximum_of_minus_infinity_is_the_lowest_number_to_onnx_runtime_alone() -> None:
    x = np.full((1, 1, 2, 2), -np.inf, np.float32)
    (theirs,) = run(node("MaxPool", "x", "y", kernel_shape=(2, 2), strides=(1, 1)), x=x)
    assert theirs == LOWEST
    assert onnxruntime.max_pool2d(x, 2, stride=1) == -np.inf


@pytest.mark.parametrize("place", range(4))
def test_a_nan_wins_its_window_wherever_it_stands(place: int) -> None:
    x = f32([[1, 2, 5], [3, 4, 6]]).reshape(1, 1, 2, 3)
    x[0, 0, place // 2, place % 2] = np.nan
    np.testing.assert_array_equal(
        onnxruntime.max_pool2d(x, 2, stride=(1, 2), padding=((0, 0), (0, 1))), [[[[np.nan, 6]]]]
    )


def test_a_dilated_window_in_the_padding_is_minus_infinity() -> None:
    y = onnxruntime.max_pool2d(np.ones((1, 1, 1, 1)), 2, stride=1, padding=1, dilation=2)
    np.testing.assert_array_equal(y, [[[[-np.inf]]]])


def test_the_sum_of_the_response_norm_keeps_the_rounding_of_a_large_square() -> None:
    # 1 / (1 + 1²) is wanted in the second channel; (1 + 10⁸) + 1² - 10⁸ is what ONNX Runtime divides by
    x = f32(1e4, 1).reshape(1, 2, 1, 1)
    y = onnxruntime.local_response_norm(x, size=1, alpha=1.0, beta=1.0, k=1.0)
    assert abs(y[0, 1, 0, 0] - 0.5) > 0.1


def test_the_accepted_deviations_are_those_that_occur() -> None:
    (accepted,) = read_deviations(DEVIATIONS)
    (requirement,) = (each for each in REQUIREMENTS if each.id == accepted)
    assert first_failure(load(TARGET), requirement, Plan("quick")) is not None


def test_small_seeds_drop_different_cells() -> None:
    x = np.ones((1, 64), np.float32)
    first = [onnxruntime.dropout(x, p=0.5, training=True, seed=seed)[0, 0] for seed in range(40)]
    assert set(first) == {0.0, 2.0}
    session = node("Dropout", "x ratio training", "y", seed=7)
    (theirs,) = run_afresh(session, x=x, ratio=np.array(0.5, np.float32), training=np.array(True))
    assert theirs[0, 0] == 0


def test_dropout_draws_anew_in_each_call_and_scales_in_float64() -> None:
    x = np.full((8, 8), 3.0)
    y = onnxruntime.dropout(x, p=0.9, training=True, seed=5)
    np.testing.assert_array_equal(onnxruntime.dropout(x, p=0.9, training=True, seed=5), y)
    np.testing.assert_allclose(y[y != 0], 30.0, rtol=1e-14)
    np.testing.assert_array_equal(onnxruntime.dropout(x, p=0.9, training=False, seed=5), x)


def test_a_session_serves_every_shape_of_its_rank() -> None:
    onnxruntime.relu(np.ones((2, 3)))
    before = _onnx_bridge._kept.cache_info()
    onnxruntime.relu(np.ones((5, 1)))
    after = _onnx_bridge._kept.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


X = np.ones((1, 4, 5, 6))
DOUBLE: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("col2im", (np.ones((1, 4)), (1, 1, 2, 2), 2), {}),
    ("conv1d", (X[0], np.ones((6, 5, 3))), {}),
    ("conv2d", (X, np.ones((6, 4, 3, 3))), {}),
    ("conv_transpose2d", (X, np.ones((4, 6, 3, 3))), {}),
    ("avg_pool2d", (X, 2), {}),
    ("global_avg_pool2d", (X,), {}),
    ("local_response_norm", (X,), {"size": 3}),
]


@pytest.mark.parametrize(("name", "arrays", "attributes"), DOUBLE)
def test_what_has_no_float64_kernel_says_so(name: str, arrays: Any, attributes: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match=f"^{name}: ONNX Runtime's CPU kernel of .* takes float32 alone"):
        getattr(onnxruntime, name)(*arrays, **attributes)


def test_training_of_a_float64_batch_norm_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="epsilon and momentum are float32, got float64"):
        onnxruntime.batch_norm(X, *np.ones((4, 4)), training=True)


@pytest.mark.parametrize("attributes", [{"size": 2}, {"size": 3, "alpha": 0.0}, {"size": 3, "beta": 0.0}])
def test_what_its_response_norm_refuses_is_not_supported(attributes: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match="takes an odd size, and alpha and beta above 0, alone"):
        onnxruntime.local_response_norm(X.astype(np.float32), **attributes)


def test_output_padding_as_large_as_the_stride_is_not_supported() -> None:
    with pytest.raises(NotImplementedError, match="no output_padding as large as the stride"):
        onnxruntime.conv_transpose2d(f32([[[1]]]), f32([[[1]]]), dilation=2, output_padding=1)
