"""The requirements: each with an id, one sentence, its check and its cases. Reports and tests use these ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance import bad_input, corners
from conformance.calling import Call, backward, forward
from conformance.case import Case
from conformance.checks import (
    adjoints,
    dropout,
    gradients,
    optimisers,
    purity,
    refusals,
    relations,
    routing,
    values,
)
from conformance.comparison import Finding
from conformance.contract import CONVOLUTIONS, OPERATORS, Operator
from conformance.implementation import Implementation
from conformance.layout import LAYOUTS
from conformance.oracle import problem
from conformance.oracle.pooling import divisors
from conformance.plan import Plan, spaced

Check = Callable[[Implementation, Case], Finding]
Adapt = Callable[[Case], Case | None]

KINDS = ("values", "exact", "adjoint", "gradient", "routing", "relations", "form", "purity", "special", "refusals")


@dataclass(frozen=True)
class Requirement:
    """What an implementation must do, how that is checked, and on which cases.

    Parameters
    ----------
    id : ``function.name``, such as ``conv2d.values``
    operator : the operator in whose row of the report it stands
    kind : the column of the report
    sentence : what is required
    needs : the functions that must be provided
    check : judges an implementation on a case
    corners : hand-written cases; they are taken as they are
    adapt : makes a case of the space one of this requirement, or leaves it out; None takes none from there
    few : whether a few cases of the space do
    exact : whether it rests on exact arithmetic, which ``normwise`` does without
    """

    id: str
    operator: str
    kind: str
    sentence: str
    needs: tuple[str, ...]
    check: Check
    corners: tuple[Case, ...] = ()
    adapt: Adapt | None = None
    few: bool = False
    exact: bool = False

    def cases(self, plan: Plan) -> Iterator[Case]:
        """Yield the hand-written cases and those of the grid."""
        yield from (case.but(seed=case.seed + 31 * plan.seed) for case in self.corners)
        if self.adapt is not None:
            adapted = tuple(case for case in map(self.adapt, plan.grid(self.operator)) if case is not None)
            yield from spaced(adapted, plan.few) if self.few else adapted


def _same(case: Case) -> Case:
    return case


def _as(**changes: str) -> Adapt:
    return lambda case: case.but(**changes)


def _where(condition: Callable[[Case], bool], adapt: Adapt = _same) -> Adapt:
    return lambda case: adapt(case) if condition(case) else None


def _has(attribute: str, *plain: object) -> Callable[[Case], bool]:
    """Return whether an attribute does something in a case."""
    return lambda case: case.all_attributes[attribute] not in plain


def _without_bias(case: Case) -> Case:
    return next(iter(adjoints.without_bias([case])))


_integers = _as(data="integers")

# Sums of products of whole numbers are whole numbers; so are averages over 2**k cells, in binary.
_EXACT_FORWARD = ("im2col", "col2im", *CONVOLUTIONS, "max_pool2d", "avg_pool2d", "linear")
_EXACT_BACKWARD = (*CONVOLUTIONS, "avg_pool2d", "linear")


def _whole(case: Case) -> Case | None:
    """Return the case on whole numbers, if its averages are exact on them."""
    case = case.but(data="distinct" if case.operator == "max_pool2d" else "integers")
    if case.operator == "avg_pool2d":
        cells = divisors(problem(case, forward(case).arrays, {})).astype(int)
        if (cells & (cells - 1)).any():
            return None
    return case


def _untied(case: Case) -> Case:
    return case.but(data="distinct") if case.data == "ties" else case


def _form(operator: Operator) -> Iterator[Requirement]:
    """Values, exactness, shape and dtype of both functions."""
    name = operator.name
    hand_written = (*corners.SHAPES.get(name, ()), *corners.SIZES.get(name, ()))
    for make, function in _functions(operator):
        results = (0,) if function == "batch_norm" else ()
        adapt = _untied if function == "max_pool2d_backward" else _same
        if name != "dropout":
            yield Requirement(
                f"{function}.values",
                name,
                "values",
                "Every result is the contract's, within the rounding that its arithmetic can have.",
                (function,),
                values.values(make, *results),
                hand_written,
                adapt,
            )
        if name in (_EXACT_FORWARD if function == name else _EXACT_BACKWARD):
            yield Requirement(
                f"{function}.exact",
                name,
                "exact",
                "On small whole numbers nothing is rounded, so every result is equal bit for bit.",
                (function,),
                values.exact(make),
                tuple(case for case in map(_whole, hand_written) if case is not None),
                _whole,
                exact=name in CONVOLUTIONS,
            )
        yield Requirement(
            f"{function}.shape",
            name,
            "form",
            "Every result has the shape that the contract's arithmetic gives.",
            (function,),
            values.shape(make),
            corners.SHAPES.get(name, ()),
            _same,
            few=True,
        )
        yield Requirement(
            f"{function}.dtype",
            name,
            "form",
            "Every result has the element type of the inputs.",
            (function,),
            values.dtype(make),
            (),
            _same,
            few=True,
        )


def _functions(operator: Operator) -> Iterator[tuple[Callable[[Case], Call], str]]:
    yield forward, operator.name
    if operator.backward is not None:
        yield backward, operator.backward.name


def _others(case: Case) -> list[Case]:
    """Return cases to put between two calls of a case: other numbers, other sizes, the other element type."""
    first = next(iter(case.shapes))
    others = [case.but(seed=case.seed + 1), case.but(dtype="float32" if case.dtype == "float64" else "float64")]
    if first == "x" and case.shapes["x"][0] > 0 and len(case.shapes["x"]) > 1:
        others.append(case.with_shapes(x=(case.shapes["x"][0] + 1, *case.shapes["x"][1:])))
    if "stride" in case.attributes and case.operator not in ("col2im", "conv_transpose2d"):
        others.append(case.with_attributes(stride=1))
    return others


def _purity(operator: Operator) -> Iterator[Requirement]:
    for make, function in _functions(operator):
        pure = _untied if function == "max_pool2d_backward" else _same
        yield Requirement(
            f"{function}.inputs_unchanged",
            operator.name,
            "purity",
            "No array that is passed in is changed.",
            (function,),
            purity.inputs_unchanged(make),
            corners.SPECIAL.get(operator.name, ()),
            lambda case: case if case.layout != "read_only" else case.but(layout="contiguous"),
            few=True,
        )
        yield Requirement(
            f"{function}.no_alias",
            operator.name,
            "purity",
            "No result shares memory with an input or with an earlier result.",
            (function,),
            purity.no_alias(make),
            (),
            _same,
            few=True,
        )
        if operator.name != "dropout":
            yield Requirement(
                f"{function}.no_state",
                operator.name,
                "purity",
                "No call depends on an earlier one, whatever its shapes, and a repeated call gives the same answer.",
                (function,),
                purity.no_state(make, _others),
                (),
                lambda case, pure=pure: _contiguous(pure(case)),  # type: ignore[misc]
                few=True,
            )
            yield Requirement(
                f"{function}.layouts",
                operator.name,
                "purity",
                "Arrays of any memory layout give what contiguous ones give.",
                (function,),
                purity.layouts(make),
                tuple(
                    bad_input.GOOD[operator.name].but(layout=layout, dtype=dtype, data=data, note=f"{layout} arrays")
                    for layout in (*LAYOUTS, "mixed")
                    if layout != "contiguous"
                    for dtype in ("float64", "float32")
                    for data in (("distinct",) if operator.name == "max_pool2d" else ("uniform", "positive"))
                ),
            )
        yield Requirement(
            f"{function}.no_global_state",
            operator.name,
            "purity",
            "The process's random generators and NumPy's error settings are left as they were.",
            (function,),
            purity.no_global_state(make),
            corners.SPECIAL.get(operator.name, ()),
            _same,
            few=True,
        )


def _contiguous(case: Case) -> Case:
    return case.but(layout="contiguous")


def _special(operator: Operator) -> Iterator[Requirement]:
    name = operator.name
    for make, function in _functions(operator):
        cases = corners.SPECIAL.get(name, ())
        if function == "relu_backward":
            # What the derivative is at NaN is not tested.
            cases = tuple(case for case in cases if case.data != "nan")
        if function in ("sigmoid_backward", "tanh_backward"):
            cases = tuple(case for case in cases if case.data not in ("nan", "infinite"))
        if function == "max_pool2d_backward":
            # Special values tie; ``routing`` follows them.
            cases = ()
        if cases:
            results = (0,) if function == "batch_norm" else ()
            yield Requirement(
                f"{function}.special_values",
                name,
                "special",
                "NaN, infinities, signed zeros, extreme and nearly equal numbers are treated as the contract says.",
                (function,),
                values.values(make, *results),
                cases,
            )
        empties = tuple(_empty_batches(name, function))
        if empties:
            yield Requirement(
                f"{function}.empty_batch",
                name,
                "special",
                "A batch without samples gives empty results, and gradients of zero for the parameters.",
                (function,),
                values.empty_batch(make),
                empties,
            )


def _empty_batches(name: str, function: str) -> Iterator[Case]:
    good = bad_input.GOOD[name]
    if name == "cross_entropy" or name.endswith("_update"):
        return
    if name == "batch_norm":
        good = good.with_attributes(training=False)
    for dtype in ("float64", "float32"):
        case = good.but(dtype=dtype, note="no sample")
        if name == "col2im":
            shape = (0, *good.attributes["input_shape"][1:])
            yield case.with_attributes(input_shape=shape).with_shapes(cols=(0, good.shapes["cols"][1]))
            continue
        yield case.with_shapes(x=(0, *good.shapes["x"][1:]))
        if name == "batch_norm":
            yield case.with_shapes(x=(0, 3, 2, 2))
        if name == "dropout":
            yield case.with_attributes(training=False).with_shapes(x=(0, 5))
    del function


def _refusals(operator: Operator) -> Iterator[Requirement]:
    for make, function in _functions(operator):
        cases = bad_input.for_forward if function == operator.name else bad_input.for_backward
        yield Requirement(
            f"{function}.refusals",
            operator.name,
            "refusals",
            "Bad input is refused with ValueError or TypeError.",
            (function,),
            refusals.refuses(make),
            tuple(cases(operator.name)),
        )


_DIFFERENTIABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(CONVOLUTIONS, ("x", "weight", "bias")),
    "linear": ("x", "weight", "bias"),
    "batch_norm": ("x", "gamma", "beta"),
    "cross_entropy": ("logits",),
    **dict.fromkeys(
        (
            "max_pool2d",
            "avg_pool2d",
            "global_avg_pool2d",
            "relu",
            "sigmoid",
            "tanh",
            "softmax",
            "local_response_norm",
            "dropout",
        ),
        ("x",),
    ),
}


def _smooth(case: Case) -> Case | None:
    """Return the case in float64, with data that is neither near a kink nor so large that differences drown."""
    data = "distinct" if case.operator in ("max_pool2d", "relu") else "uniform"
    if case.operator == "batch_norm" and case.data == "constant":
        return None
    return case.but(dtype="float64", data=data, layout="contiguous")


def _gradients(operator: Operator) -> Iterator[Requirement]:
    if operator.backward is not None:
        yield Requirement(
            f"{operator.name}.gradient",
            operator.name,
            "gradient",
            "The backward function is the derivative of the implementation's own forward function.",
            (operator.name, operator.backward.name),
            gradients.gradient(*_DIFFERENTIABLE[operator.name]),
            (),
            _smooth,
            few=True,
        )


def _adjoint(name: str, check: Check, *needs: str, id_: str = "adjoint", sentence: str = "") -> Requirement:
    return Requirement(
        f"{name}.{id_}",
        name,
        "adjoint",
        sentence or "The backward function is the adjoint of the forward one, exactly on whole numbers.",
        (name, *needs),
        check,
        (),
        lambda case: _without_bias(_integers(case)),  # type: ignore[arg-type]
    )


def _adjoints() -> Iterator[Requirement]:
    for name in (*CONVOLUTIONS, "linear"):
        yield _adjoint(name, adjoints.backward_is_adjoint("x", "weight"), f"{name}_backward")
    for name in ("avg_pool2d", "global_avg_pool2d"):
        yield _adjoint(name, adjoints.backward_is_adjoint("x"), f"{name}_backward")
    yield _adjoint("im2col", adjoints.im2col_adjoint, "col2im", sentence="col2im is the adjoint of im2col, exactly.")
    yield _adjoint(
        "conv_transpose2d",
        adjoints.transpose_adjoint,
        "conv2d",
        id_="adjoint_of_conv2d",
        sentence="conv_transpose2d is the adjoint of conv2d with the same weight, exactly on whole numbers.",
    )


def _relation(
    name: str, id_: str, sentence: str, check: Check, adapt: Adapt = _integers, kind: str = "relations"
) -> Requirement:
    return Requirement(f"{name}.{id_}", name, kind, sentence, (name,), check, (), adapt, few=True)


def _linear_relations(name: str, *arguments: str) -> Iterator[Requirement]:
    bare: Adapt = lambda case: _without_bias(case.but(data="integers"))  # noqa: E731 - an adapter, like those above
    for argument in arguments:
        yield _relation(
            name, f"linear_in_{argument}", f"It is linear in {argument}.", relations.linearity(argument), bare
        )


def _convolution_relations(name: str) -> Iterator[Requirement]:
    yield from _linear_relations(name, "x", "weight")
    transposed = name == "conv_transpose2d"
    yield _relation(
        name,
        "groups",
        "A grouped convolution is as many separate ones, of the channels in order.",
        relations.groups,
        _where(_has("groups", 1), _integers),
    )
    yield _relation(
        name,
        "stride",
        "A stride spreads the pixels of a transposed convolution apart."
        if transposed
        else "A stride of s keeps every s-th pixel of the answer with stride 1.",
        relations.transposed_stride if transposed else relations.stride,
        _where(_has("stride", 1, (1, 1)), _integers),
    )
    yield _relation(
        name,
        "dilation",
        "A dilated kernel is a kernel with zeros between its cells.",
        relations.dilation,
        _where(_has("dilation", 1, (1, 1)), _integers),
    )
    yield _relation(
        name,
        "padding",
        "Padding cuts the border off." if transposed else "Padding puts zeros around the image.",
        relations.cropping if transposed else relations.padding,
        _where(_has("padding", 0), _integers),
    )
    yield _relation(
        name,
        "pointwise_kernel",
        "A kernel of one cell is a matrix product at every pixel.",
        relations.pointwise_kernel,
        _pointwise,
    )


def _pointwise(case: Case) -> Case:
    """Return the case with a kernel of one cell and no attribute."""
    channels, filters = case.shapes["x"][1], case.shapes["weight"][0]
    first, second = filters, channels
    if case.operator == "conv_transpose2d":
        first, second = channels, case.shapes["weight"][1]
    weight = (first, second, *(1 for _ in case.shapes["weight"][2:]))
    bias = {"bias": (second if case.operator == "conv_transpose2d" else first,)} if "bias" in case.shapes else {}
    return case.but(shapes={"x": case.shapes["x"], "weight": weight, **bias}, attributes={}, data="integers")


def _image_relations(name: str) -> Iterator[Requirement]:
    yield _relation(
        name,
        "sample_independence",
        "The answer to a batch is the answers to its samples.",
        relations.sample_independence,
        _where(lambda case: case.shapes["x"][0] > 1, _integers),
    )
    if name in ("max_pool2d", "avg_pool2d", "global_avg_pool2d"):
        yield _relation(
            name,
            "channel_independence",
            "The answer to an image is the answers to its channels.",
            relations.channel_independence,
            _where(lambda case: case.shapes["x"][1] > 1, _integers),
        )
    if name in ("conv1d", "conv2d", "max_pool2d", "avg_pool2d"):
        yield _relation(
            name,
            "shift",
            "Moving the image by a stride moves the answer by a pixel.",
            relations.shift,
            _where(_can_shift, _integers),
        )


def _can_shift(case: Case) -> bool:
    return case.all_attributes["padding"] == 0 and not case.all_attributes.get("ceil_mode", False)


def _relations() -> Iterator[Requirement]:
    for name in CONVOLUTIONS:
        yield from _convolution_relations(name)
    yield from _linear_relations("linear", "x", "weight")
    yield from _linear_relations("im2col", "x")
    yield from _linear_relations("col2im", "cols")
    for name in (*CONVOLUTIONS, "max_pool2d", "avg_pool2d", "global_avg_pool2d", "linear"):
        yield from _image_relations(name)
    yield _relation(
        "softmax",
        "shift_invariance",
        "Adding one number to all logits changes nothing, however large it is.",
        relations.softmax_shift,
        _as(data="confident"),
    )
    yield _relation(
        "batch_norm",
        "normalised",
        "In training every channel of y has mean 0 and variance v / (v + eps) before gamma and beta.",
        relations.normalised,
        _where(lambda case: case.attributes["training"]),
    )
    for name in ("sgd_update", "momentum_update", "adam_update"):
        yield _relation(
            name,
            "several_steps",
            "A run of several steps, each fed with the results before, stays right.",
            optimisers.several_steps,
            _as(data="uniform"),
        )


def _pool_requirements() -> Iterator[Requirement]:
    yield Requirement(
        "max_pool2d.routing",
        "max_pool2d",
        "routing",
        "Each window's gradient goes to one maximum, the first in row-major order unless ties are declared free.",
        ("max_pool2d_backward",),
        routing.routing,
        corners.ROUTING,
        _where(lambda case: case.dtype == "float64", _as(data="ties")),
    )
    yield Requirement(
        "max_pool2d.padding",
        "max_pool2d",
        "routing",
        "Padding counts as minus infinity: it never exceeds a negative pixel.",
        ("max_pool2d",),
        values.values(forward),
        tuple(case for case in corners.SHAPES["max_pool2d"] if case.data == "negative"),
        _where(_has("padding", 0), _as(data="negative")),
        few=True,
    )
    yield Requirement(
        "avg_pool2d.divisor",
        "avg_pool2d",
        "routing",
        "Each window is divided by the number of its cells that count, at the border and in ceil_mode too.",
        ("avg_pool2d",),
        routing.divisor,
        tuple(case.but(data="ones") for case in corners.SHAPES["avg_pool2d"]),
        _as(data="ones"),
    )


def _batch_norm_requirements() -> Iterator[Requirement]:
    statistics = (*corners.SIZES["batch_norm"], *corners.SPECIAL["batch_norm"])
    for position, name, sentence in (
        (1, "running_mean", "The new running mean is (1 - momentum) old + momentum batch mean."),
        (2, "running_var", "The new running variance takes the batch's unbiased variance, unless declared biased."),
    ):
        yield Requirement(
            f"batch_norm.{name}",
            "batch_norm",
            "values",
            sentence,
            ("batch_norm",),
            values.values(forward, position),
            statistics,
            _same,
        )


def _dropout_requirements() -> Iterator[Requirement]:
    for make, function in _functions(OPERATORS["dropout"]):
        yield Requirement(
            f"{function}.scale",
            "dropout",
            "values",
            "A kept cell is divided by 1 - p in training; outside training nothing changes.",
            (function,),
            dropout.scale(make),
            (),
            _same,
        )
    masks: tuple[tuple[str, str, Check], ...] = (
        ("same_mask", "The mask depends on seed, p and shape alone, and backward uses the same.", dropout.same_mask),
        ("type_of_mask", "float32 and float64 get the same mask.", dropout.same_mask_in_both_types),
        ("rate", "Cells are dropped at rate p, wherever they are.", dropout.rate),
        ("independence", "Cells are dropped independently of one another and of other seeds.", dropout.independence),
        ("seeds", "Different seeds give different masks.", dropout.seeds_differ),
    )
    for id_, sentence, check in masks:
        yield Requirement(
            f"dropout.{id_}", "dropout", "relations", sentence, ("dropout",), check, tuple(_mask_cases())
        )


def _mask_cases() -> Iterator[Case]:
    for shape in ((4, 3, 5, 6), (8, 40)):
        for p in (0.5, 0.2):
            for dtype in ("float64", "float32"):
                yield Case(
                    "dropout", {"x": shape}, {"p": p, "training": True, "seed": 3}, dtype=dtype, data="positive"
                )


def _all() -> Iterator[Requirement]:
    for operator in OPERATORS.values():
        yield from _form(operator)
        yield from _purity(operator)
        yield from _special(operator)
        yield from _refusals(operator)
        yield from _gradients(operator)
    yield from _adjoints()
    yield from _relations()
    yield from _pool_requirements()
    yield from _batch_norm_requirements()
    yield from _dropout_requirements()


def _in_order(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    names = list(OPERATORS)
    return tuple(sorted(requirements, key=lambda each: (names.index(each.operator), KINDS.index(each.kind))))


REQUIREMENTS: tuple[Requirement, ...] = _in_order(_all())


def requirements_for(implementation: Implementation, operators: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements of some operators that an implementation's conventions leave standing."""
    wanted = set(operators)
    for requirement in REQUIREMENTS:
        transforms = implementation.conventions.get(f"{requirement.operator}.accuracy") == "normwise"
        if requirement.operator in wanted and not (requirement.exact and transforms):
            yield requirement
