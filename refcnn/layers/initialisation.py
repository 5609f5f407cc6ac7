"""How the weights of a layer begin: by name, or by their standard deviation."""

import math

import numpy as np

from refcnn._checks import FloatArray, real, require

SCHEMES = ("he", "xavier")


def initial_weight(
    shape: tuple[int, ...],
    init: str | float,
    *,
    fan_in: int,
    fan_out: int,
    rng: np.random.Generator | int,
) -> FloatArray:
    """Draw the weights of a layer from a normal distribution around 0.

    The variance is 2 / fan_in for "he", which keeps the scale of activations through layers of relu, and
    2 / (fan_in + fan_out) for "xavier" (Glorot), which keeps activations and gradients alike through layers
    that are close to linear. A number is the standard deviation itself.

    Parameters
    ----------
    shape : the shape of the weights
    init : "he", "xavier", or a standard deviation above 0
    fan_in, fan_out : the number of inputs that reach an output, and of outputs that an input reaches
    rng : the generator to draw from, or its seed

    Returns
    -------
    float32, of the shape asked for

    Raises
    ------
    TypeError
        An init that is neither a name nor a number.
    ValueError
        An init of another name, a standard deviation that is not above 0, or infinite.

    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, section 2.2. Glorot and Bengio (2010),
    Understanding the difficulty of training deep feedforward neural networks, section 4.2.1.

    Examples
    --------
    >>> weight = initial_weight((100, 50), "he", fan_in=50, fan_out=100, rng=0)
    >>> print(f"{weight.std():.2f}")
    0.20
    """
    require(rng is not None, "initial_weight", "rng", "a generator or a seed", rng, TypeError)
    known = init in SCHEMES if isinstance(init, str) else 0 < real("initial_weight", "init", init) < math.inf
    rule = f"one of {', '.join(SCHEMES)}, or a standard deviation above 0"
    require(known, "initial_weight", "init", rule, repr(init))
    if init == "he":
        deviation = math.sqrt(2 / fan_in)
    elif init == "xavier":
        deviation = math.sqrt(2 / (fan_in + fan_out))
    else:
        deviation = float(init)
    return (deviation * np.random.default_rng(rng).standard_normal(shape)).astype(np.float32)
