"""Mistakes in the gradient of local response normalisation alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault
from conformance.faults.local_response_norm import energy_of, sum_of, window_of


def _terms(grad: Any, x: Any, size: int, alpha: float, beta: float, k: float) -> tuple[Any, Any, Any]:
    """Return the gradient by x alone, what each window passes on, and the factor of what arrives."""
    base = k + alpha / size * energy_of(x, size)
    return grad / base**beta, grad * x / base ** (beta + 1), 2 * alpha * beta / size * x


@fault("local_response_norm_backward", says="the windows are taken for constants", killed_by="values")
def windows_constant(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    right(grad, x, **how)
    return _terms(grad, x, **how)[0]


@fault(
    "local_response_norm_backward",
    says="only the channel itself passes a gradient on, not its neighbours",
    killed_by="values",
    corner="a window of several channels",
)
def own_window_alone(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    right(grad, x, **how)
    own, passed, factor = _terms(grad, x, **how)
    return own - factor * passed


@fault(
    "local_response_norm_backward",
    says="the window is not mirrored for the gradients that come back",
    killed_by="values",
    corner="an even size",
    history="response_window",
)
def window_not_mirrored(right: Right, grad: Any, x: Any, *, size: int, **how: Any) -> Any:
    right(grad, x, size=size, **how)
    own, passed, factor = _terms(grad, x, size, **how)
    return own - factor * sum_of(passed, window_of(x.shape[1], size // 2, (size - 1) // 2))


@fault("local_response_norm_backward", says="the second term is added, not subtracted", killed_by="values")
def sign(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    return 2 * _terms(grad, x, **how)[0] - right(grad, x, **how)


@fault("local_response_norm_backward", says="the 2 of the squares is left out", killed_by="values")
def two_left_out(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    return (_terms(grad, x, **how)[0] + right(grad, x, **how)) / 2


@fault("local_response_norm_backward", says="beta is left out of the second term", killed_by="values")
def beta_left_out(right: Right, grad: Any, x: Any, *, size: int, beta: float, **how: Any) -> Any:
    right(grad, x, size=size, beta=beta, **how)
    own, passed, _ = _terms(grad, x, size, beta=beta, **how)
    factor = 2 * how["alpha"] / size * x
    return own - factor * sum_of(passed, window_of(x.shape[1], (size - 1) // 2, size // 2))


@fault("local_response_norm_backward", says="alpha is not divided by the size in the second term", killed_by="values")
def second_alpha_not_divided(right: Right, grad: Any, x: Any, *, size: int, **how: Any) -> Any:
    own = _terms(grad, x, size, **how)[0]
    return own + size * (right(grad, x, size=size, **how) - own)


@fault("local_response_norm_backward", says="the power in the second term is beta, not beta + 1", killed_by="values")
def second_power(right: Right, grad: Any, x: Any, *, size: int, **how: Any) -> Any:
    right(grad, x, size=size, **how)
    own, _, factor = _terms(grad, x, size, **how)
    return own - factor * sum_of(own * x, window_of(x.shape[1], (size - 1) // 2, size // 2))


@fault(
    "local_response_norm_backward",
    says="x is kept from the first call with arrays of a shape",
    killed_by="no_state",
    corner="a later call with the same shape",
    remembers=True,
)
def stale_x(right: Right, memory: dict[Any, Any], grad: Any, x: Any, **how: Any) -> Any:
    return right(grad, memory.setdefault((x.shape, x.dtype), x.copy()), **how)


@fault(
    "local_response_norm_backward",
    says="grad_output is changed in place, as by multiplying it by x",
    killed_by="inputs_unchanged",
    history="mutated_input",
)
def gradient_in_place(right: Right, grad: Any, x: Any, **how: Any) -> Any:
    grad_x = right(grad, x, **how)
    np.copyto(grad if grad.flags.writeable else np.array(grad), grad * x)
    return grad_x
