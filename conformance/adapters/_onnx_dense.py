"""Linear layer, activations, the loss, normalisation and dropout on ONNX Runtime's kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from conformance.adapters._arguments import (
    Array,
    axis_of,
    channels,
    features,
    floats,
    integer,
    labels_or_weights,
    probability,
    rank,
)
from conformance.adapters._onnx_bridge import KERNELS, needs_float32, node, run, run_afresh, scalars

_FLOATS = "https://onnx.ai/onnx/operators/onnx__BatchNormalization.html"


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """Gemm with the weight transposed."""
    operands = floats("linear", x=x, weight=weight, bias=bias)
    features("linear", *operands)
    names = ("x", "weight", "bias")[: len(operands)]
    return run(node("Gemm", " ".join(names), "y", transB=1), **dict(zip(names, operands, strict=True)))[0]


def _pointwise(operator: str, kind: str, x: npt.ArrayLike) -> Array:
    (values,) = floats(operator, x=x)
    return run(node(kind, "x", "y"), x=values)[0]


def relu(x: npt.ArrayLike) -> Array:
    """Relu."""
    return _pointwise("relu", "Relu", x)


def sigmoid(x: npt.ArrayLike) -> Array:
    """Sigmoid."""
    return _pointwise("sigmoid", "Sigmoid", x)


def tanh(x: npt.ArrayLike) -> Array:
    """Tanh."""
    return _pointwise("tanh", "Tanh", x)


def softmax(x: npt.ArrayLike, *, axis: int = -1) -> Array:
    """Softmax."""
    (scores,) = floats("softmax", x=x)
    return run(node("Softmax", "x", "y", axis=axis_of("softmax", scores, axis)), x=scores)[0]


def cross_entropy(logits: npt.ArrayLike, target: npt.ArrayLike) -> Array:
    """SoftmaxCrossEntropyLoss for labels; it takes no weights, so for these the sum is spelled out."""
    (scores,) = floats("cross_entropy", logits=logits)
    wanted = labels_or_weights("cross_entropy", scores, target)
    if wanted.dtype == np.int64:
        return run(node("SoftmaxCrossEntropyLoss", "logits target", "loss"), logits=scores, target=wanted)[0]
    return run(
        node("LogSoftmax", "logits", "logarithms", axis=1),
        node("Mul", "target logarithms", "products"),
        # a weight of 0 silences a logarithm of -inf
        node("Equal", "target zero", "silent"),
        node("Where", "silent zero products", "terms"),
        node("ReduceSum", "terms", "total", keepdims=0),
        node("Neg", "total", "negated"),
        node("Div", "negated count", "loss"),
        logits=scores,
        target=wanted,
        **scalars(scores.dtype, {"zero": 0, "count": len(scores)}),
    )[0]


def batch_norm(
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    running_mean: npt.ArrayLike,
    running_var: npt.ArrayLike,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """BatchNormalization, whose running variance is the biased one, as the adapter's conventions say."""
    image, scale, shift, mean, var = floats(
        "batch_norm", x=x, gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var
    )
    channels("batch_norm", image, training, gamma=scale, beta=shift, running_mean=mean, running_var=var)
    vectors = {"gamma": scale, "beta": shift, "mean": mean}
    if not training:
        # epsilon is a float32 also among float64, so it is added to the variance beforehand
        raised = node("Add", "var eps", "raised")
        norm = node("BatchNormalization", "x gamma beta mean raised", "y", epsilon=0.0)
        (y,) = run(raised, norm, x=image, **vectors, var=var, **scalars(image.dtype, {"eps": eps}))
        return y, mean, var
    if image.dtype != np.float32:
        raise NotImplementedError(f"batch_norm: ONNX's epsilon and momentum are float32, got {image.dtype}: {_FLOATS}")
    norm = node(
        "BatchNormalization",
        "x gamma beta mean var",
        "y new_mean new_var",
        epsilon=eps,
        # the part of the old statistics, where the contract names that of the batch
        momentum=1 - momentum,
        training_mode=1,
    )
    y, new_mean, new_var = run(norm, x=image, **vectors, var=var)
    return y, new_mean, new_var


def local_response_norm(
    x: npt.ArrayLike, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """LRN."""
    (image,) = floats("local_response_norm", x=x)
    rank("local_response_norm", "x", image, 4)
    integer("local_response_norm", "size", size, 1)
    needs_float32("local_response_norm", "LRN", image, KERNELS)
    # its constructor: https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/nn/lrn.h
    if size % 2 == 0 or alpha <= 0 or beta <= 0:
        raise NotImplementedError(
            f"local_response_norm: ONNX Runtime's LRN takes an odd size, and alpha and beta above 0, alone, "
            f"got {size}, {alpha} and {beta}"
        )
    return run(node("LRN", "x", "y", size=size, alpha=alpha, beta=beta, bias=k), x=image)[0]


def dropout(x: npt.ArrayLike, *, p: float, training: bool, seed: int) -> Array:
    """Dropout, in a session of its own: a session draws on from call to call."""
    (values,) = floats("dropout", x=x)
    probability("dropout", p)
    # The first number that ONNX Runtime draws is near 0 for any small seed: all of these would drop the first cell.
    mixed = int(np.random.SeedSequence(integer("dropout", "seed", seed, 0)).generate_state(1)[0])
    (y,) = run_afresh(
        node("Dropout", "x ratio training", "unused mask", seed=mixed),
        # Dropout scales by a float32 also among float64
        node("Div", "x kept", "scaled"),
        node("Where", "mask scaled zero", "y"),
        x=values,
        training=np.array(training),
        **scalars(values.dtype, {"ratio": p, "kept": 1 - p if training else 1, "zero": 0}),
    )
    return y
