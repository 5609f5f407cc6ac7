"""What every ONNX Runtime operator here needs: small models of ONNX nodes, and sessions that run them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from conformance.adapters._arguments import Array

# As old as what is used here allows, so that older releases of ONNX Runtime run it.
_OPSET, _IR = 21, 10

# The dtypes of the arrays that go in.
_TYPES = {
    np.dtype(np.float32): onnx.TensorProto.FLOAT,
    np.dtype(np.float64): onnx.TensorProto.DOUBLE,
    np.dtype(np.int64): onnx.TensorProto.INT64,
    np.dtype(np.bool_): onnx.TensorProto.BOOL,
}

# Which operators have a kernel for which dtypes.
KERNELS = "https://github.com/microsoft/onnxruntime/blob/main/docs/OperatorKernels.md"


class Node(NamedTuple):
    """A node of a model, as a value that a cache can know it by."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[tuple[str, Any], ...]


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> Node:
    """Write a node down: names are parted by blanks, attributes are numbers, texts and tuples of them."""
    return Node(kind, tuple(inputs.split()), tuple(outputs.split()), tuple(attributes.items()))


def options() -> onnxruntime.SessionOptions:
    """Ask for one thread, for the judge's problems are small, and for silence: what matters is raised."""
    wanted = onnxruntime.SessionOptions()
    wanted.intra_op_num_threads = 1
    wanted.inter_op_num_threads = 1
    wanted.log_severity_level = 4
    return wanted


def session(nodes: tuple[Node, ...], inputs: tuple[tuple[str, np.dtype[Any], int], ...]) -> Any:
    """Build a model and a session for inputs of these dtypes and ranks; the last node's outputs are the model's."""
    graph = helper.make_graph(
        [helper.make_node(each.kind, each.inputs, each.outputs, **dict(each.attributes)) for each in nodes],
        "contract",
        [helper.make_tensor_value_info(name, _TYPES[dtype], [None] * rank) for name, dtype, rank in inputs],
        [onnx.ValueInfoProto(name=name) for name in nodes[-1].outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), sess_options=options(), providers=["CPUExecutionProvider"]
    )


_kept = lru_cache(maxsize=256)(session)


def run(*nodes: Node, **arrays: Array) -> list[Array]:
    """Run a model of these nodes on arrays, in a session that is kept for the next call of its kind."""
    return _results(_kept(nodes, _form(arrays)), arrays)


def run_afresh(*nodes: Node, **arrays: Array) -> list[Array]:
    """Run a model of these nodes on arrays, in a session that remembers no earlier call."""
    return _results(session(nodes, _form(arrays)), arrays)


def _form(arrays: Mapping[str, Array]) -> tuple[tuple[str, np.dtype[Any], int], ...]:
    return tuple((name, array.dtype, array.ndim) for name, array in arrays.items())


def _results(made: Any, arrays: Mapping[str, Array]) -> list[Array]:
    results: list[Array] = made.run(None, arrays)
    return results


def needs_float32(operator: str, kind: str, array: Array, link: str) -> None:
    """Say that the CPU has no kernel of this kind for float64."""
    if array.dtype != np.float32:
        raise NotImplementedError(f"{operator}: ONNX Runtime's CPU kernel of {kind} takes float32 alone: {link}")


def scalars(dtype: np.dtype[Any], values: Mapping[str, float]) -> dict[str, Array]:
    """Give numbers as tensors, for an attribute of ONNX is no more than a float32."""
    return {name: np.array(value, dtype) for name, value in values.items()}
