"""What holds for all operators alike: dtypes, layouts, purity, gradients, the public list."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from numpy.typing import NDArray

import refcnn

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

Array = NDArray[Any]

CONV: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}
CONV1: dict[str, Any] = {"stride": 2, "padding": (2, 1), "dilation": 2, "groups": 2}
CONV_T: dict[str, Any] = {**CONV, "output_padding": (1, 1)}
MAX: dict[str, Any] = {"stride": (2, 1), "padding": ((0, 1), (1, 0)), "dilation": (1, 2), "ceil_mode": True}
AVG: dict[str, Any] = {
    "stride": (2, 1),
    "padding": ((0, 1), (1, 0)),
    "ceil_mode": True,
    "count_include_pad": False,
}
IM2COL: dict[str, Any] = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2)}
LRN: dict[str, Any] = {"size": 4, "alpha": 0.5, "beta": 0.75, "k": 2.0}
DROP: dict[str, Any] = {"p": 0.4, "training": True, "seed": 7}
ADAM: dict[str, Any] = {"step": 3, "lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3}
TRAIN: dict[str, Any] = {"training": True, "eps": 1e-3}
EVAL: dict[str, Any] = {"training": False, "eps": 1e-3}

IMAGE, CELL = (2, 4, 5, 6), (3, 4)
PER_CHANNEL = [(4,)] * 4

# name of the operator, shapes of its arrays, what stands between them and the attributes, attributes
CALLS: dict[str, tuple[str, list[tuple[int, ...]], tuple[Any, ...], dict[str, Any]]] = {
    "im2col": ("im2col", [IMAGE], ((2, 3),), IM2COL),
    "im2col of single cells": ("im2col", [IMAGE], (1,), {}),
    "col2im": ("col2im", [(2 * 3 * 5, 4 * 2 * 3)], (IMAGE, (2, 3)), IM2COL),
    "conv1d": ("conv1d", [(2, 4, 7), (6, 2, 3), (6,)], (), CONV1),
    "conv1d_backward": ("conv1d_backward", [(2, 6, 3), (2, 4, 7), (6, 2, 3)], (), CONV1),
    "conv2d": ("conv2d", [IMAGE, (6, 2, 2, 3), (6,)], (), CONV),
    "conv2d without bias": ("conv2d", [IMAGE, (6, 2, 2, 3)], (), CONV),
    "conv2d of single cells": ("conv2d", [(1, 1, 5, 6), (1, 1, 1, 1)], (), {}),
    "conv2d_backward": ("conv2d_backward", [(2, 6, 3, 5), IMAGE, (6, 2, 2, 3)], (), CONV),
    "conv_transpose2d": ("conv_transpose2d", [(2, 4, 3, 4), (4, 3, 2, 3), (6,)], (), CONV_T),
    "conv_transpose2d_backward": (
        "conv_transpose2d_backward",
        [(2, 6, 6, 6), (2, 4, 3, 4), (4, 3, 2, 3)],
        (),
        CONV_T,
    ),
    "max_pool2d": ("max_pool2d", [IMAGE], ((3, 2),), MAX),
    "max_pool2d of single cells": ("max_pool2d", [IMAGE], (1,), {}),
    "max_pool2d_backward": ("max_pool2d_backward", [(2, 4, 3, 5), IMAGE], ((3, 2),), MAX),
    "avg_pool2d": ("avg_pool2d", [IMAGE], ((3, 2),), AVG),
    "avg_pool2d of single cells": ("avg_pool2d", [IMAGE], (1,), {}),
    "avg_pool2d_backward": ("avg_pool2d_backward", [(2, 4, 3, 6), IMAGE], ((3, 2),), AVG),
    "global_avg_pool2d": ("global_avg_pool2d", [IMAGE], (), {}),
    "global_avg_pool2d of single pixels": ("global_avg_pool2d", [(2, 4, 1, 1)], (), {}),
    "global_avg_pool2d_backward": ("global_avg_pool2d_backward", [(2, 4, 1, 1), IMAGE], (), {}),
    "linear": ("linear", [(3, 4), (5, 4), (5,)], (), {}),
    "linear_backward": ("linear_backward", [(3, 5), (3, 4), (5, 4)], (), {}),
    "relu": ("relu", [CELL], (), {}),
    "relu_backward": ("relu_backward", [CELL, CELL], (), {}),
    "sigmoid": ("sigmoid", [CELL], (), {}),
    "sigmoid_backward": ("sigmoid_backward", [CELL, CELL], (), {}),
    "tanh": ("tanh", [CELL], (), {}),
    "tanh_backward": ("tanh_backward", [CELL, CELL], (), {}),
    "softmax": ("softmax", [CELL], (), {"axis": 0}),
    "softmax_backward": ("softmax_backward", [CELL, CELL], (), {"axis": 0}),
    "cross_entropy of weights": ("cross_entropy", [CELL, CELL], (), {}),
    "cross_entropy of labels": ("cross_entropy", [CELL], (np.array([3, 0, 1], np.uint8),), {}),
    "cross_entropy_backward": ("cross_entropy_backward", [CELL, CELL], (), {}),
    "batch_norm": ("batch_norm", [IMAGE, *PER_CHANNEL], (), TRAIN),
    "batch_norm of features": ("batch_norm", [(3, 4), *PER_CHANNEL], (), {**TRAIN, "momentum": 0.3}),
    "batch_norm in use": ("batch_norm", [IMAGE, *PER_CHANNEL], (), EVAL),
    "batch_norm_backward": ("batch_norm_backward", [IMAGE, IMAGE, *PER_CHANNEL[:3]], (), TRAIN),
    "batch_norm_backward in use": ("batch_norm_backward", [IMAGE, IMAGE, *PER_CHANNEL[:3]], (), EVAL),
    "local_response_norm": ("local_response_norm", [IMAGE], (), LRN),
    "local_response_norm_backward": ("local_response_norm_backward", [IMAGE, IMAGE], (), LRN),
    "dropout": ("dropout", [CELL], (), DROP),
    "dropout in use": ("dropout", [CELL], (), {**DROP, "training": False}),
    "dropout_backward": ("dropout_backward", [CELL, CELL], (), DROP),
    "dropout_backward in use": ("dropout_backward", [CELL, CELL], (), {**DROP, "training": False}),
    "sgd_update": ("sgd_update", [CELL, CELL], (), {"lr": 0.1}),
    "momentum_update": ("momentum_update", [CELL, CELL, CELL], (), {"lr": 0.1, "momentum": 0.9}),
    "adam_update": ("adam_update", [CELL, CELL, CELL, CELL], (), ADAM),
}
every_call = pytest.mark.parametrize("case", CALLS)


def draw(case: str, dtype: str = "float64") -> list[Array]:
    """Positive numbers below 2: any operator takes them, as a variance and as an energy too."""
    rng = np.random.default_rng(3)
    # A multiple of 1/256 is the same number in every dtype.
    return [(rng.integers(16, 512, shape) / 256).astype(dtype) for shape in CALLS[case][1]]


def call(case: str, arrays: list[Array], **changed: Any) -> list[Array]:
    name, _, between, attributes = CALLS[case]
    result = getattr(refcnn, name)(*arrays, *between, **{**attributes, **changed})
    return list(result) if isinstance(result, tuple) else [result]


def test_every_public_function_has_a_call() -> None:
    assert {name for name, *_ in CALLS.values()} == set(refcnn.__all__)


@every_call
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_result_has_the_dtype_of_the_arrays(case: str, dtype: str) -> None:
    results = call(case, draw(case, dtype))
    assert [result.dtype for result in results] == [np.dtype(dtype)] * len(results)


@every_call
@pytest.mark.parametrize(("dtype", "unit"), [("float16", 2.0**-11), ("float32", 2.0**-24)])
def test_a_narrow_dtype_gives_the_rounded_values_of_a_wide_one(case: str, dtype: str, unit: float) -> None:
    for narrow, wide in zip(call(case, draw(case, dtype)), call(case, draw(case)), strict=True):
        # float16 is computed in float32: one rounding. float32 adds up at most 60 products near 1.
        roundings = 2 if dtype == "float16" else 100
        assert_allclose(narrow, wide, rtol=roundings * unit, atol=roundings * unit)


@every_call
def test_one_wide_array_makes_the_result_wide(case: str) -> None:
    first, *rest = draw(case)
    results = call(case, [first, *(array.astype("float32") for array in rest)])
    assert {result.dtype for result in results} == {np.dtype("float64")}


@every_call
def test_inputs_are_read_only_and_stay_as_they_are(case: str) -> None:
    arrays = draw(case)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    call(case, arrays)
    for array, copy in zip(arrays, before, strict=True):
        assert_array_equal(array, copy)


def reversed_memory(array: Array) -> Array:
    return np.ascontiguousarray(array[(slice(None, None, -1),) * array.ndim])[(slice(None, None, -1),) * array.ndim]


def every_other_cell(array: Array) -> Array:
    spread = np.full(tuple(2 * size for size in array.shape), np.nan, array.dtype)
    spread[(slice(None, None, 2),) * array.ndim] = array
    return spread[(slice(None, None, 2),) * array.ndim]


def swapped_bytes(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder())


@every_call
@pytest.mark.parametrize("layout", [np.asfortranarray, reversed_memory, every_other_cell, swapped_bytes])
def test_memory_layout_does_not_matter(case: str, layout: Callable[[Array], Array]) -> None:
    arrays = draw(case)
    for got, want in zip(call(case, [layout(array) for array in arrays]), call(case, arrays), strict=True):
        assert got.dtype == np.float64
        # BLAS may add up another layout in another order: 100 roundings of numbers near 1.
        assert_allclose(got, want, rtol=1e-14, atol=1e-14)


@every_call
def test_results_share_no_memory_with_inputs_or_results(case: str) -> None:
    arrays = draw(case)
    results = call(case, arrays) + call(case, arrays)
    for i, result in enumerate(results):
        assert not any(np.shares_memory(result, other) for other in arrays + results[:i])
        assert result.flags.writeable or result.ndim == 0


@every_call
def test_a_call_repeats_itself_and_leaves_numpy_as_it_was(case: str) -> None:
    settings, state = np.geterr(), np.random.get_state(legacy=False)  # noqa: NPY002 (it is the point)
    first, second = call(case, draw(case)), call(case, draw(case))
    for got, want in zip(second, first, strict=True):
        assert_array_equal(got, want)
    assert np.geterr() == settings
    assert_equal(np.random.get_state(legacy=False), state)  # noqa: NPY002


@every_call
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "max", "min", "tiny"])
def test_no_value_raises_a_floating_point_error(case: str, dtype: str, value: str) -> None:
    limits = np.finfo(dtype)
    named = {"max": limits.max, "min": limits.min, "tiny": limits.smallest_subnormal}
    number = named[value] if value in named else float(value)
    with np.errstate(all="raise"):
        results = call(case, [np.full_like(array, number) for array in draw(case, dtype)])
    assert results[0].dtype == dtype


@every_call
def test_integers_are_refused_argument_by_argument(case: str) -> None:
    name = CALLS[case][0]
    arguments = list(inspect.signature(getattr(refcnn, name)).parameters)
    for i, argument in enumerate(arguments[: len(CALLS[case][1])]):
        arrays = draw(case)
        if argument == "target":  # integers are labels there
            continue
        arrays[i] = arrays[i].astype(int)
        message = f"^{name}: {argument} must be a float16, float32 or float64 array, got int64$"
        with pytest.raises(TypeError, match=message):
            call(case, arrays)


# col2im is told its batch; cross_entropy and batch_norm in training have no mean to take of nothing.
TAKES_EMPTY_BATCH = [
    case
    for case, (name, _, _, attributes) in CALLS.items()
    if name != "col2im" and "cross" not in name and not ("batch" in name and attributes["training"])
]


@pytest.mark.parametrize("case", TAKES_EMPTY_BATCH)
def test_an_empty_batch_gives_empty_results_and_zero_gradients(case: str) -> None:
    name, shapes, between, attributes = CALLS[case]
    batch = shapes[0][0]
    arrays = [np.ones((0, *shape[1:]) if shape[0] == batch else shape) for shape in shapes]
    results = getattr(refcnn, name)(*arrays, *between, **attributes)
    for result in results if isinstance(results, tuple) else [results]:
        kept = name == "batch_norm" and result.shape == (4,)
        assert_array_equal(result, np.full(result.shape, float(kept)))


@pytest.mark.parametrize("case", [case for case in CALLS if "_backward" in case and "cross" not in case])
def test_a_grad_output_of_the_wrong_shape_is_refused(case: str) -> None:
    name = CALLS[case][0]
    first, *rest = draw(case)
    for wrong in (first[..., :-1], first[None], first[:1]):
        with pytest.raises(ValueError, match=f"^{name}: grad_output must be of shape "):
            call(case, [wrong, *rest])


# the operator, what its backward takes, the arrays to differentiate in, those it only reads, attributes
GRADIENTS: dict[str, tuple[str, list[tuple[int, ...]], tuple[Any, ...], dict[str, Any]]] = {
    "conv1d": ("conv1d", [(2, 4, 7), (6, 2, 3), (6,)], (), CONV1),
    "conv2d": ("conv2d", [(2, 4, 5, 6), (6, 2, 2, 3), (6,)], (), CONV),
    "conv2d, stride above the kernel": (
        "conv2d",
        [(2, 2, 6, 7), (3, 2, 1, 2), (3,)],
        (),
        {"stride": (3, 4), "padding": 0, "dilation": 1, "groups": 1},
    ),
    "conv_transpose2d": ("conv_transpose2d", [(2, 4, 3, 4), (4, 3, 2, 3), (6,)], (), CONV_T),
    "max_pool2d": ("max_pool2d", [(2, 2, 5, 6)], ((3, 2),), MAX),
    "avg_pool2d": ("avg_pool2d", [(2, 2, 5, 6)], ((3, 2),), AVG),
    "avg_pool2d, padding counted": (
        "avg_pool2d",
        [(2, 2, 5, 6)],
        ((3, 2),),
        {**AVG, "count_include_pad": True},
    ),
    "global_avg_pool2d": ("global_avg_pool2d", [(2, 3, 2, 3)], (), {}),
    "linear": ("linear", [(3, 4), (5, 4), (5,)], (), {}),
    "relu": ("relu", [(3, 4)], (), {}),
    "sigmoid": ("sigmoid", [(3, 4)], (), {}),
    "tanh": ("tanh", [(3, 4)], (), {}),
    "softmax": ("softmax", [(3, 4, 2)], (), {"axis": 1}),
    "batch_norm": ("batch_norm", [(3, 4, 2, 3), (4,), (4,)], (np.ones(4), np.ones(4)), TRAIN),
    "batch_norm of features": ("batch_norm", [(5, 4), (4,), (4,)], (np.ones(4), np.ones(4)), TRAIN),
    "batch_norm in use": ("batch_norm", [(3, 4, 2, 3), (4,), (4,)], (np.ones(4), 2 * np.ones(4)), EVAL),
    "local_response_norm": ("local_response_norm", [(2, 5, 2, 3)], (), LRN),
    "local_response_norm, odd": ("local_response_norm", [(2, 5, 2, 3)], (), {**LRN, "size": 3}),
    "local_response_norm, wider than all": ("local_response_norm", [(2, 5, 2, 3)], (), {**LRN, "size": 13}),
    "dropout": ("dropout", [(3, 4)], (), DROP),
}


@pytest.mark.parametrize("case", GRADIENTS)
def test_backward_is_the_derivative_of_forward(case: str) -> None:
    name, shapes, constants, attributes = GRADIENTS[case]
    rng = np.random.default_rng(5)
    # Cells differ by 0.01 at least and are as far from 0: no kink of a maximum or of relu within the step.
    arrays = [0.01 * (rng.permutation(np.prod(shape)) - np.prod(shape) // 2 + 0.5).reshape(shape) for shape in shapes]

    def forward(inputs: list[Array]) -> Array:
        result = getattr(refcnn, name)(*inputs, *constants, **attributes)
        return np.asarray(result[0] if isinstance(result, tuple) else result)

    g = rng.standard_normal(forward(arrays).shape)
    without_shift = arrays[:2]  # bias and beta do not enter their own gradients
    results = getattr(refcnn, f"{name}_backward")(g, *without_shift, *constants, **attributes)
    grads = list(results) if isinstance(results, tuple) else [results]
    assert len(grads) == len(arrays)
    h = 1e-5
    for i, (array, grad) in enumerate(zip(arrays, grads, strict=True)):
        assert grad.shape == array.shape
        want = np.empty_like(array)
        for cell in np.ndindex(array.shape):
            up, down = array.copy(), array.copy()
            up[cell] += h
            down[cell] -= h
            difference = forward([*arrays[:i], up, *arrays[i + 1 :]]) - forward([*arrays[:i], down, *arrays[i + 1 :]])
            want[cell] = (g * difference).sum() / (2 * h)
        # Central differences: h² times a third derivative below 1000 (batch_norm), and rounding 1e-14 / h.
        assert_allclose(grad, want, rtol=1e-7, atol=1e-7)


# What trains networks is imported by the name of its module: refcnn.mnist.load, not refcnn.load.
TRAINING = {"gradcheck", "layers", "mnist", "models", "pictures", "training"}


def public_modules() -> set[str]:
    return {name for _, name, _ in pkgutil.iter_modules(refcnn.__path__) if not name.startswith("_")} - TRAINING


def test_the_public_list_is_sorted_and_complete() -> None:
    defined = set()
    for name in public_modules():
        module = importlib.import_module(f"refcnn.{name}")
        members = inspect.getmembers(module, inspect.isfunction)
        defined |= {key for key, member in members if member.__module__ == module.__name__ and key[0] != "_"}
    assert set(refcnn.__all__) == defined
    assert refcnn.__all__ == sorted(defined)


@pytest.mark.parametrize("name", refcnn.__all__)
def test_a_docstring_has_its_sections(name: str) -> None:
    text = inspect.getdoc(getattr(refcnn, name)) or ""
    for section in ("Parameters", "Returns", "Raises", "References", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text


@pytest.mark.parametrize("name", sorted(name for name in refcnn.__all__ if name.endswith("_backward")))
def test_attributes_are_named_and_backward_has_no_defaults(name: str) -> None:
    parameters = inspect.signature(getattr(refcnn, name)).parameters.values()
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    assert {p.name for p in named if p.default is not p.empty} <= {"axis"}
    positional = {"grad_output", "x", "weight", "gamma", "running_mean", "running_var", "logits", "target"}
    assert {p.name for p in parameters} - {p.name for p in named} <= positional | {"kernel_size"}


def test_importing_the_package_loads_numpy_alone() -> None:
    code = (
        "import numpy, sys; before = set(sys.modules); import refcnn\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(loaded - set(sys.stdlib_module_names) - {'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['refcnn']"
