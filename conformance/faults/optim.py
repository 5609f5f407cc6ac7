"""Mistakes in optimiser updates; those of Adam alone are beside this file."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault

_UPDATES = ("sgd_update", "momentum_update", "adam_update")


@fault(*_UPDATES, says="the step goes up the gradient instead of down", killed_by="values")
def ascent(right: Right, *arrays: Any, lr: float, **how: Any) -> Any:
    return right(*arrays, lr=-lr, **how)


@fault(*_UPDATES, says="weight decay is built into the gradient", killed_by="values")
def weight_decay(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    right(param, grad, *memory, **how)
    return right(param, grad + 0.01 * param, *memory, **how)


@fault(*_UPDATES, says="large gradients are clipped", killed_by="values", corner="where a gradient is above 100")
def clipped_gradient(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    return right(param, np.clip(grad, -100, 100), *memory, **how)


@fault(*_UPDATES, says="the gradient is divided by the length of its first axis", killed_by="values")
def averaged_gradient(right: Right, param: Any, grad: Any, *memory: Any, **how: Any) -> Any:
    right(param, grad, *memory, **how)
    return right(param, grad / len(grad), *memory, **how)


@fault(*_UPDATES, says="a learning rate of 0 is taken as not given", killed_by="values", corner="only with lr = 0")
def zero_rate_as_missing(right: Right, *arrays: Any, lr: float, **how: Any) -> Any:
    return right(*arrays, lr=lr or 0.01, **how)


@fault("sgd_update", says="weight decay is built in, for weights only", killed_by="values", corner="beyond one axis")
def weight_decay_of_matrices(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    return right(param, grad, lr=lr) - (lr * 0.01 * param if param.ndim > 1 else 0)


@fault("sgd_update", says="the change is worked out in float32", killed_by="values", corner="in float64")
def single_precision(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    right(param, grad, lr=lr)
    return param - (np.float32(lr) * grad.astype(np.float32)).astype(grad.dtype)


@fault(
    "sgd_update",
    says="the numbers after the last block of 4 stay as they were",
    killed_by="values",
    corner="after the last block of 4",
)
def remainder_left_out(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    blocks = np.arange(param.size).reshape(param.shape) < param.size // 4 * 4
    return np.where(blocks, right(param, grad, lr=lr), param)


@fault(
    "sgd_update",
    says="a parameter of one number is never updated",
    killed_by="values",
    corner="for a parameter of one number",
)
def one_number_left_out(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    return right(param, grad, lr=lr if param.size > 1 else 0.0)


@fault("sgd_update", says="the sign of the gradient alone counts", killed_by="values")
def sign_of_gradient(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    return right(param, np.sign(grad), lr=lr)


@fault("sgd_update", says="only the change comes back, without the parameter", killed_by="values")
def change_alone(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    right(param, grad, lr=lr)
    return -lr * grad


@fault("sgd_update", says="param itself comes back with lr = 0", killed_by="no_alias", corner="only with lr = 0")
def param_itself(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    answer = right(param, grad, lr=lr)
    return answer if lr else param


def _overwrite(array: Any, values: Any) -> None:
    """Write into an argument, unless it is read-only: what that raises would be another mistake."""
    np.copyto(array if array.flags.writeable else np.array(array), values)


@fault("sgd_update", says="param is updated in place", killed_by="inputs_unchanged", history="mutated_input")
def in_place(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    answer = right(param, grad, lr=lr)
    _overwrite(param, answer)
    return answer


@fault("sgd_update", says="grad is scaled in place", killed_by="inputs_unchanged", history="mutated_input")
def gradient_in_place(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    answer = right(param, grad, lr=lr)
    _overwrite(grad, lr * grad)
    return answer


@fault("sgd_update", says="grad is set to 0 after the step", killed_by="inputs_unchanged", history="mutated_input")
def gradient_cleared(right: Right, param: Any, grad: Any, *, lr: float) -> Any:
    answer = right(param, grad, lr=lr)
    _overwrite(grad, 0)
    return answer


@fault("momentum_update", says="the step looks ahead, as Nesterov's does", killed_by="values")
def nesterov(right: Right, param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
    _, new = right(param, grad, velocity, lr=lr, momentum=momentum)
    return param - lr * (grad + momentum * new), new


@fault("momentum_update", says="the gradient is dampened by 1 - momentum", killed_by="values")
def dampened(right: Right, param: Any, grad: Any, velocity: Any, *, momentum: float, **how: Any) -> Any:
    return right(param, (grad * (1 - momentum)).astype(grad.dtype), velocity, momentum=momentum, **how)


@fault("momentum_update", says="the step is made with the old velocity", killed_by="values")
def old_velocity(right: Right, param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
    _, new = right(param, grad, velocity, lr=lr, momentum=momentum)
    return param - lr * velocity, new


@fault("momentum_update", says="the step is made with the gradient alone", killed_by="values")
def velocity_unused(right: Right, param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
    _, new = right(param, grad, velocity, lr=lr, momentum=momentum)
    return param - lr * grad, new


@fault("momentum_update", says="the velocity comes back as it was", killed_by="values")
def velocity_not_returned(right: Right, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    return right(param, grad, velocity, **how)[0], velocity.copy()


@fault("momentum_update", says="the velocity has the learning rate in it", killed_by="values")
def rate_in_velocity(right: Right, param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
    right(param, grad, velocity, lr=lr, momentum=momentum)
    new = momentum * velocity + lr * grad
    return param - new, new


@fault("momentum_update", says="the velocity points the other way and is added", killed_by="values")
def velocity_downhill(right: Right, param: Any, grad: Any, velocity: Any, *, lr: float, momentum: float) -> Any:
    right(param, grad, velocity, lr=lr, momentum=momentum)
    new = momentum * velocity - grad
    return param + lr * new, new


@fault("momentum_update", says="momentum is applied to the gradient as well", killed_by="values")
def gradient_decays(right: Right, param: Any, grad: Any, velocity: Any, *, momentum: float, **how: Any) -> Any:
    return right(param, (grad * momentum).astype(grad.dtype), velocity, momentum=momentum, **how)


@fault(
    "momentum_update", says="a momentum of 0 is taken as not given", killed_by="values", corner="only with momentum 0"
)
def zero_momentum_as_missing(right: Right, *arrays: Any, momentum: float, **how: Any) -> Any:
    return right(*arrays, momentum=momentum or 0.9, **how)


@fault("momentum_update", says="grad itself comes back as the velocity", killed_by="no_alias", corner="with momentum 0")
def gradient_as_velocity(right: Right, param: Any, grad: Any, velocity: Any, *, momentum: float, **how: Any) -> Any:
    new, moved = right(param, grad, velocity, momentum=momentum, **how)
    return new, moved if momentum else grad


@fault(
    "momentum_update", says="the velocity is written in place", killed_by="inputs_unchanged", history="mutated_input"
)
def velocity_in_place(right: Right, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    new, moved = right(param, grad, velocity, **how)
    _overwrite(velocity, moved)
    return new, moved


@fault(
    "momentum_update",
    says="the velocity is kept by the function instead of passed",
    killed_by="no_state",
    remembers=True,
)
def velocity_kept(right: Right, kept: Any, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    key = (param.shape, param.dtype)
    new, kept[key] = right(param, grad, kept.get(key, velocity), **how)
    return new, kept[key].copy()


@fault(
    "momentum_update",
    says="the velocity starts anew where the gradient turns",
    killed_by="values",
    corner="where the gradient turns",
)
def restarted(right: Right, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    right(param, grad, velocity, **how)
    return right(param, grad, np.where(grad * velocity < 0, 0, velocity).astype(grad.dtype), **how)


@fault(
    "momentum_update",
    says="nothing moves where the gradient is 0, though the velocity is not",
    killed_by="values",
    corner="only where a gradient is 0",
)
def rests_without_gradient(right: Right, param: Any, grad: Any, velocity: Any, **how: Any) -> Any:
    moved, new = right(param, grad, velocity, **how)
    return np.where(grad == 0, param, moved), new
