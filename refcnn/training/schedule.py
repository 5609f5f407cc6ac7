"""Learning rates that change while a network trains, as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

from refcnn._checks import integer, real, require

Schedule = Callable[[int], float]

# The settings of each schedule besides those that all have.
_SETTINGS = {"constant": (), "step": ("step_size", "gamma"), "cosine": ("min_lr",)}
SCHEDULES = tuple(_SETTINGS)


def schedule(
    name: str,
    *,
    lr: float,
    steps: int,
    warmup_steps: int = 0,
    step_size: int | None = None,
    gamma: float | None = None,
    min_lr: float | None = None,
) -> Schedule:
    """Return the learning rate as a function of the step t, which counts updates from 0.

    With W = warmup_steps and T = steps, the rate climbs to lr by equal amounts, lr · (t + 1) / (W + 1) for
    t < W, and is from t = W on

    - "constant": lr;
    - "step": lr · gamma^⌊t / step_size⌋, the steps counted from the start of training, the warm-up included;
    - "cosine": min_lr + (lr − min_lr) · (1 + cos(π · (t − W) / (T − W))) / 2, so min_lr at t = T.

    Parameters
    ----------
    name : "constant", "step" or "cosine"
    lr : float, the rate that the schedule begins with, after the warm-up
    steps : int, the number of updates of the whole training
    warmup_steps : int, the number of updates of the warm-up
    step_size : int, the number of updates between two drops, for "step" alone, which needs it
    gamma : float in (0, 1], what a drop multiplies the rate by, for "step" alone; 0.1 if absent
    min_lr : float, the rate at the end, for "cosine" alone; 0 if absent

    Returns
    -------
    function of a step, an int from 0 to `steps`, to the learning rate; the last update is that of steps − 1

    Raises
    ------
    TypeError
        A count that is not an int, a rate that is not a number.
    ValueError
        An unknown name, a setting that the schedule does not have, a number out of range; from the function
        returned, a step outside of the training.

    References
    ----------
    Cosine: Loshchilov and Hutter (2017), SGDR: stochastic gradient descent with warm restarts, section 3,
    equation 5, without restart. Warm-up: Goyal et al. (2017), Accurate, large minibatch SGD: training ImageNet in
    1 hour, section 2.2. Step: the same, section 5.1, there at uneven distances.

    Examples
    --------
    >>> rate = schedule("cosine", lr=0.5, steps=6, warmup_steps=2)
    >>> [round(rate(step), 3) for step in range(7)]
    [0.167, 0.333, 0.5, 0.427, 0.25, 0.073, 0.0]
    """
    require(name in _SETTINGS, "schedule", "name", f"one of {', '.join(_SETTINGS)}", repr(name))
    _refuse_foreign(name, {"step_size": step_size, "gamma": gamma, "min_lr": min_lr})
    lr, steps = real("schedule", "lr", lr), integer("schedule", "steps", steps, 1)
    require(0 <= lr < math.inf, "schedule", "lr", "finite and at least 0", lr)
    warmup_steps = integer("schedule", "warmup_steps", warmup_steps, 0)
    require(warmup_steps < steps, "schedule", "warmup_steps", f"below steps = {steps}", warmup_steps)
    after = _constant(lr)
    if name == "step":
        after = _step(lr, step_size, gamma)
    elif name == "cosine":
        after = _cosine(lr, warmup_steps, steps, min_lr)

    def rate(step: int) -> float:
        step = integer("schedule", "step", step, 0)
        require(step <= steps, "schedule", "step", f"at most steps = {steps}", step)
        return lr * (step + 1) / (warmup_steps + 1) if step < warmup_steps else after(step)

    return rate


def _constant(lr: float) -> Schedule:
    return lambda _: lr


def _step(lr: float, step_size: int | None, gamma: float | None) -> Schedule:
    if step_size is None:
        raise TypeError("schedule: step_size must be an int, got None")
    size = integer("schedule", "step_size", step_size, 1)
    factor = real("schedule", "gamma", 0.1 if gamma is None else gamma)
    require(0 < factor <= 1, "schedule", "gamma", "in (0, 1]", factor)
    return lambda step: lr * factor ** (step // size)


def _cosine(lr: float, begin: int, end: int, min_lr: float | None) -> Schedule:
    floor = real("schedule", "min_lr", 0.0 if min_lr is None else min_lr)
    require(0 <= floor <= lr, "schedule", "min_lr", f"from 0 to lr = {lr}", floor)
    return lambda step: floor + (lr - floor) * (1 + math.cos(math.pi * (step - begin) / (end - begin))) / 2


def _refuse_foreign(name: str, settings: dict[str, float | None]) -> None:
    own = _SETTINGS[name]
    foreign = [setting for setting, value in settings.items() if value is not None and setting not in own]
    rule = f"among {', '.join(own)} for {name!r}" if own else f"absent for {name!r}"
    require(not foreign, "schedule", "settings", rule, ", ".join(foreign))
