"""Relations between an operator's answers are broken by the mistakes that they are about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import refcnn
from conformance.case import Case
from conformance.checks import relations
from conformance.comparison import Finding, InconclusiveError
from conformance.implementation import Implementation, from_namespace, load

REFERENCE = load("refcnn")
CONV = Case("conv2d", {"x": (2, 4, 5, 6), "weight": (2, 4, 2, 3), "bias": (2,)}, data="integers")
BARE = CONV.but(shapes={name: shape for name, shape in CONV.shapes.items() if name != "bias"})
FLAT = Case("conv1d", {"x": (2, 4, 7), "weight": (2, 4, 2)}, data="integers")
SPREAD = Case("conv_transpose2d", {"x": (2, 4, 3, 4), "weight": (4, 2, 2, 3)}, data="integers")
GROUPED = CONV.with_shapes(weight=(2, 2, 2, 3)).with_attributes(groups=2)
GROUPED_SPREAD = SPREAD.with_shapes(weight=(4, 1, 2, 3)).with_attributes(groups=2)
POINTWISE = CONV.with_shapes(weight=(2, 4, 1, 1))
POOL = Case("max_pool2d", {"x": (2, 2, 4, 6)}, {"kernel_size": (2, 3)}, data="integers")
SOFTMAX = Case("softmax", {"x": (2, 3)}, data="confident")
VECTORS = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (3,))
BATCH_NORM = Case("batch_norm", {"x": (4, 3), **VECTORS}, {"training": True})


def reference_but(**functions: Any) -> Implementation:
    given = {name: getattr(refcnn, name) for name in refcnn.__all__} | functions
    return from_namespace("broken", SimpleNamespace(**given))


def message(finding: Finding) -> str:
    assert finding.violation is not None
    return finding.violation.message


HOLDING: list[tuple[Any, Case]] = [
    (relations.linearity("x"), BARE),
    (relations.linearity("weight"), BARE),
    (relations.sample_independence, CONV),
    (relations.channel_independence, POOL),
    (relations.groups, GROUPED),
    (relations.groups, GROUPED.but(shapes={"x": (2, 4, 5, 6), "weight": (2, 2, 2, 3)})),
    (relations.groups, GROUPED_SPREAD),
    (relations.stride, CONV.with_attributes(stride=(1, 2))),
    (relations.stride, FLAT.with_attributes(stride=2)),
    (relations.transposed_stride, SPREAD.with_attributes(stride=(3, 2))),
    (relations.transposed_stride, SPREAD.with_attributes(stride=2, dilation=2, output_padding=1)),
    (relations.dilation, CONV.with_attributes(dilation=(3, 2))),
    (relations.dilation, FLAT.with_attributes(dilation=3)),
    (relations.dilation, SPREAD.with_attributes(dilation=2)),
    (relations.padding, CONV.with_attributes(padding=((1, 0), (2, 3)))),
    (relations.padding, FLAT.with_attributes(padding=(2, 0))),
    (relations.cropping, SPREAD.with_attributes(padding=((0, 1), (2, 0)))),
    (relations.pointwise_kernel, POINTWISE),
    (relations.pointwise_kernel, SPREAD.with_shapes(weight=(4, 2, 1, 1))),
    (relations.shift, CONV.with_attributes(stride=(2, 1))),
    (relations.shift, FLAT.with_attributes(stride=2)),
    (relations.shift, POOL),
    (relations.shift, POOL.with_attributes(stride=(1, 2))),
    (relations.softmax_shift, SOFTMAX),
    (relations.normalised, BATCH_NORM),
    (relations.normalised, BATCH_NORM.with_shapes(x=(2, 3, 2, 2)).but(dtype="float32")),
]


@pytest.mark.parametrize(("check", "case"), HOLDING)
def test_every_relation_holds_for_the_reference(check: Any, case: Case) -> None:
    assert check(REFERENCE, case).violation is None


def biased(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
    return refcnn.conv2d(x, weight, bias, **attributes) + 1


def batch_in_reverse(x: Any, *others: Any, **attributes: Any) -> Any:
    return refcnn.conv2d(x[::-1], *others, **attributes)


def dealt_groups(x: Any, *others: Any, groups: int = 1, **attributes: Any) -> Any:
    dealt = x.reshape(len(x), -1, groups, *x.shape[2:]).swapaxes(1, 2).reshape(x.shape)
    return refcnn.conv2d(dealt, *others, groups=groups, **attributes)


def last_of_a_stride(x: Any, weight: Any, bias: Any = None, *, stride: Any = 1) -> Any:
    return refcnn.conv2d(x[:, :, stride - 1 :], weight, bias, stride=stride)


def dilated_flip(x: Any, weight: Any, bias: Any = None, *, dilation: Any = 1) -> Any:
    return refcnn.conv2d(x, weight if dilation == 1 else weight[..., ::-1], bias, dilation=dilation)


def edge_padding(x: Any, weight: Any, bias: Any = None, *, padding: Any = 0) -> Any:
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return refcnn.conv2d(np.pad(x, around, "edge"), weight, bias)


def swapped_filters(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
    return refcnn.conv2d(x, weight[::-1], bias, **attributes)


def by_place(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
    y = refcnn.conv2d(x, weight, bias, **attributes)
    return y + np.arange(y.shape[3])


@pytest.mark.parametrize(
    ("check", "case", "mistake", "found"),
    [
        (relations.linearity("x"), BARE, biased, "f(2a - 3b) in x[0, 0, 0, 0] is "),
        (relations.linearity("weight"), BARE, biased, "f(2a - 3b) in weight[0, 0, 0, 0] is "),
        (relations.sample_independence, CONV, batch_in_reverse, "sample 0 of y[0, 0, 0, 0] is "),
        (relations.groups, GROUPED, dealt_groups, "the grouped y[0, 0, 0, 0] is "),
        (relations.stride, CONV.with_attributes(stride=2), last_of_a_stride, "y with a stride[0, 0, 0, 0] is "),
        (relations.dilation, CONV.with_attributes(dilation=2), dilated_flip, "y with a dilation[0, 0, 0, 0] is "),
        (relations.padding, CONV.with_attributes(padding=1), edge_padding, "y with padding[0, 0, 0, 0] is "),
        (relations.pointwise_kernel, POINTWISE, swapped_filters, "y of a 1x1 kernel[0, 0, 0, 0] is "),
        (relations.shift, CONV, by_place, "y of the image moved along axis 3[0, 0, 0, 0] is "),
    ],
)
def test_a_mistake_of_conv2d_breaks_its_relation(check: Any, case: Case, mistake: Any, found: str) -> None:
    assert message(check(reference_but(conv2d=mistake), case)).startswith(found)


def dense_border(x: Any, weight: Any, *, padding: Any = 0, stride: Any = 1) -> Any:
    y = refcnn.conv_transpose2d(x, weight, padding=padding, stride=stride)
    return y + (padding != 0 or stride != 1)


@pytest.mark.parametrize(
    ("check", "changes", "found"),
    [
        (relations.transposed_stride, {"stride": 2}, "y with a stride[0, 0, 0, 0] is "),
        (relations.cropping, {"padding": 1}, "y with padding[0, 0, 0, 0] is "),
    ],
)
def test_a_mistake_of_conv_transpose2d_breaks_its_relation(check: Any, changes: dict[str, Any], found: str) -> None:
    case = SPREAD.with_attributes(**changes)
    assert message(check(reference_but(conv_transpose2d=dense_border), case)).startswith(found)


def test_channels_that_are_mixed_are_found() -> None:
    implementation = reference_but(max_pool2d=lambda x, size, **how: refcnn.max_pool2d(x[:, ::-1], size, **how))
    found = message(relations.channel_independence(implementation, POOL))
    assert found.startswith("channel 0 of y[0, 0, 0, 0] is ")


def test_a_softmax_that_overflows_is_found() -> None:
    def softmax(x: Any, *, axis: int = -1) -> Any:
        with np.errstate(all="ignore"):
            return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)

    found = message(relations.softmax_shift(reference_but(softmax=softmax), SOFTMAX))
    assert found.startswith("softmax(x + 10000)[0, 0] is nan, want ")


def test_a_mean_that_is_not_taken_off_is_found() -> None:
    def batch_norm(x: Any, *vectors: Any, **_: Any) -> Any:
        return x, *vectors[2:]

    found = message(relations.normalised(reference_but(batch_norm=batch_norm), BATCH_NORM))
    assert found.startswith("the mean of y by channel[0] is ")


def test_a_variance_that_is_not_divided_by_is_found() -> None:
    def batch_norm(x: Any, *vectors: Any, **_: Any) -> Any:
        return x - x.mean(axis=0), *vectors[2:]

    found = message(relations.normalised(reference_but(batch_norm=batch_norm), BATCH_NORM))
    assert found.startswith("the mean square of y by channel[0] is ")


@pytest.mark.parametrize(
    ("check", "case", "reason"),
    [
        (
            relations.transposed_stride,
            SPREAD.with_attributes(stride=2, output_padding=1),
            "without the stride, output_padding would be too large",
        ),
        (
            relations.dilation,
            SPREAD.with_attributes(stride=2, dilation=2, output_padding=1),
            "without the dilation, output_padding may be too large",
        ),
    ],
)
def test_a_relation_that_has_no_other_side_is_inconclusive(check: Any, case: Case, reason: str) -> None:
    with pytest.raises(InconclusiveError, match=rf"^{reason}$"):
        check(REFERENCE, case)


def test_two_sides_of_zero_are_inconclusive() -> None:
    case = Case("global_avg_pool2d", {"x": (2, 1, 2, 2)}, data="zeros")
    with pytest.raises(InconclusiveError, match=r"^both sides are zero$"):
        relations.sample_independence(REFERENCE, case)


def test_a_result_of_the_wrong_shape_stands_in_no_relation() -> None:
    implementation = reference_but(conv2d=lambda x, *_, **__: x[0])
    with pytest.raises(InconclusiveError, match=r"^the result has shape \(4, 5, 6\), so it stands in no relation$"):
        relations.sample_independence(implementation, CONV)


def test_a_batch_norm_of_the_wrong_shape_has_no_channels_to_look_at() -> None:
    implementation = reference_but(batch_norm=lambda x, *others, **_: (x[0], *others[:2]))
    with pytest.raises(InconclusiveError, match=r"^y has shape \(3,\), so it has no channels to look at$"):
        relations.normalised(implementation, BATCH_NORM)


@pytest.mark.parametrize(("accuracy", "is_found"), [("componentwise", True), ("normwise", False)])
def test_rounding_is_allowed_to_what_declares_normwise_alone(accuracy: str, is_found: bool) -> None:
    def conv2d(x: Any, weight: Any, bias: Any = None, **attributes: Any) -> Any:
        return refcnn.conv2d(x, weight, bias, **attributes) * (1 + 2.0**-52 * len(x))

    implementation = reference_but(conv2d=conv2d, CONVENTIONS={"conv2d.accuracy": accuracy})
    assert (relations.sample_independence(implementation, CONV).violation is not None) is is_found
