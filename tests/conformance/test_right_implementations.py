"""Implementations that are right in other ways than the reference conform in all that they are judged on.

Each file in ``implementations/right`` has one idea. The table says on which operators it shows; ``None`` stands for
all that it provides. The implementations share the cases of the operators that have most. ``scripts/many_seeds.py``
judges them over many seeds, and on everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from many_seeds import Share, judge_share

from conformance.case import Case
from conformance.contract import CONVOLUTIONS, OPERATORS
from conformance.implementation import Implementation, load
from conformance.outcome import CONFORMS, NOT_PROVIDED, NOT_SUPPORTED, NOT_TESTED
from conformance.requirements import REQUIREMENTS

pytestmark = pytest.mark.no_cover  # other tests run every line; counting them here takes half the time again

RIGHT = Path(__file__).parents[1] / "implementations" / "right"
EVERYTHING_BUT_IMAGES = (
    *("linear", "relu", "sigmoid", "tanh", "softmax", "cross_entropy", "batch_norm", "local_response_norm"),
    *("sgd_update", "momentum_update", "adam_update"),
)

JUDGED: Mapping[str, tuple[str, ...] | None] = {
    "any_maximum": None,
    "array_protocol": ("relu", "momentum_update"),
    "array_subclass": ("relu", "momentum_update"),
    "backward_only": ("col2im", "linear", "cross_entropy"),
    "bad_and_unsupported": ("im2col",),
    "band_matrix": None,
    "batch_blocks": ("conv1d",),
    "big_endian_results": ("relu", "adam_update"),
    "channels_last": ("conv2d", "max_pool2d", "batch_norm"),
    "einsum": ("conv_transpose2d", "avg_pool2d", "global_avg_pool2d"),
    "extra_keywords": ("relu", "softmax", "adam_update"),
    "fft": ("conv2d",),
    "float32_only": ("relu", "dropout", "momentum_update"),
    "float64_accumulation": ("linear",),
    "float64_only": ("relu", "dropout", "momentum_update"),
    "flushed_to_zero": ("tanh", "momentum_update"),
    "folded_batch_norm": None,
    "folded_updates": None,
    "fortran_results": ("local_response_norm", "momentum_update"),
    "hashed_dropout": None,
    "index_tables": ("im2col", "col2im"),
    "instances": ("relu", "cross_entropy", "sgd_update"),
    "kahan_sum": ("linear", "global_avg_pool2d"),
    "lanes_sum": ("linear",),
    "largest_first_sum": ("linear",),
    "legacy_dropout": None,
    "lists_for_tuples": ("momentum_update", "adam_update"),
    "log_sum_exp": None,
    "memoryviews": ("softmax", "momentum_update"),
    "nested_lists": ("relu", "momentum_update"),
    "no_groups": ("conv1d",),
    "noisy": ("relu", "sgd_update"),
    "other_errors": ("softmax", "adam_update"),
    "pairwise_sum": ("linear", "global_avg_pool2d"),
    "partial": ("relu",),
    "plain_loops": ("im2col", "col2im", "conv1d", *EVERYTHING_BUT_IMAGES),
    "read_only_results": ("softmax", "momentum_update"),
    "reversed_sum": ("linear",),
    "scalar_results": ("cross_entropy",),
    "scatter_add": ("conv1d",),
    "scipy_signal": ("conv1d",),
    "separable_pools": None,
    "sequential_sum": ("linear",),
    "shift_and_add": ("conv1d",),
    "sigmoid_by_tanh": None,
    "strided_results": ("local_response_norm", "momentum_update"),
    "subnormals_are_zero": ("relu", "max_pool2d"),
    "tensordot": ("conv_transpose2d",),
    "toeplitz": ("conv2d",),
    "torch_tensors": ("relu", "cross_entropy", "momentum_update"),
    "welford": None,
    "winograd": ("conv2d",),
    "winograd_large": ("conv2d",),
}

# Where the functions are, if not in the file itself.
INSIDE: Mapping[str, str] = {"instances": ":library.operators"}

# What is not a part of every installation.
NEEDS: Mapping[str, str] = {"scipy_signal": "scipy", "torch_tensors": "torch"}

# The requirements none of whose cases, in the part that is judged, is supported.
UNSUPPORTED: Mapping[tuple[str, str], set[str]] = {
    ("bad_and_unsupported", "im2col"): {"im2col.linear_in_x", "im2col.shape", "im2col.dtype"},
    ("float32_only", "relu"): {"relu.gradient"},
    ("float32_only", "dropout"): {"dropout.gradient", "dropout.type_of_mask"},
    ("float64_only", "dropout"): {"dropout.type_of_mask"},
    ("nested_lists", "relu"): {"relu.empty_batch", "relu_backward.empty_batch"},
    ("no_groups", "conv1d"): {"conv1d.groups"},
    ("winograd", "conv2d"): {"conv2d.dilation"},
    ("winograd_large", "conv2d"): {"conv2d.dilation"},
}


# Into how many parts the cases of an operator fall, where there are many. The implementations take them in turn.
PARTS = 6

# The operators with the most cases.
THINNED = (*CONVOLUTIONS, "max_pool2d", "avg_pool2d", "batch_norm")


@cache
def implementation(name: str) -> Implementation:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    return load(f"{RIGHT / name}.py{INSIDE.get(name, '')}")


def judged() -> Iterator[tuple[str, str]]:
    for name, operators in JUDGED.items():
        for operator in operators or OPERATORS:
            if operators or any(implementation(name).provides(each.name) for each in OPERATORS[operator].functions):
                yield name, operator


def assert_conforms(target: Implementation, operator: str, part: int, unsupported: set[str]) -> None:
    plan = Share("quick", part=part, parts=PARTS) if operator in THINNED else Share("quick")
    results = list(judge_share(target, operator, plan))
    assert {each.requirement: each.failures[0] for each in results if each.failures} == {}
    # A part of the cases may hold none for a requirement.
    dull = (NOT_PROVIDED, NOT_TESTED) if operator in THINNED else (NOT_PROVIDED,)
    statuses = {each.requirement: each.status for each in results if each.status not in dull}
    assert CONFORMS in statuses.values()
    others = {name: status for name, status in statuses.items() if status != CONFORMS}
    assert others == dict.fromkeys(unsupported, NOT_SUPPORTED)


@pytest.mark.parametrize(("name", "operator"), list(judged()))
def test_what_is_right_conforms(name: str, operator: str) -> None:
    part = list(JUDGED).index(name) % PARTS
    assert_conforms(implementation(name), operator, part, UNSUPPORTED.get((name, operator), set()))


def test_every_right_implementation_is_judged() -> None:
    assert sorted(JUDGED) == sorted(path.stem for path in RIGHT.glob("[!_]*.py"))


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_torch_adapter_conforms(operator: str) -> None:
    pytest.importorskip("torch", reason="the adapter stands on PyTorch, which is an optional dependency")
    assert_conforms(load("conformance.adapters.torch"), operator, list(OPERATORS).index(operator) % PARTS, set())


def test_a_mean_by_a_rounded_reciprocal_may_depend_on_the_batch() -> None:
    (requirement,) = (each for each in REQUIREMENTS if each.id == "global_avg_pool2d.sample_independence")
    case = Case("global_avg_pool2d", {"x": (2, 1, 3, 2)}, dtype="float32", layout="mixed", data="integers")
    finding = requirement.check(implementation("einsum"), case)
    assert finding.violation is None
    assert 0 < finding.worst <= 1
