"""Mistakes in what Adam makes of its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.faults.fault import Right, fault


@fault(
    "adam_update",
    says="an eps of 0 is taken as not given",
    killed_by="values",
    corner="only with eps = 0",
    history="adam_eps",
)
def zero_eps_as_missing(right: Right, *arrays: Any, eps: float = 1e-8, **how: Any) -> Any:
    return right(*arrays, eps=eps or 1e-8, **how)


@fault("adam_update", says="eps is left out", killed_by="values", corner="where eps counts", history="adam_eps")
def eps_ignored(right: Right, *arrays: Any, **how: Any) -> Any:
    return right(*arrays, **how | {"eps": 1e-30})


@fault("adam_update", says="beta1 and beta2 stand for one another", killed_by="values")
def betas_swapped(right: Right, *arrays: Any, beta1: float = 0.9, beta2: float = 0.999, **how: Any) -> Any:
    return right(*arrays, beta1=beta2, beta2=beta1, **how)


@fault("adam_update", says="a beta1 of 0 is taken as not given", killed_by="values", corner="only with beta1 = 0")
def zero_beta_as_missing(right: Right, *arrays: Any, beta1: float = 0.9, **how: Any) -> Any:
    return right(*arrays, beta1=beta1 or 0.9, **how)


@fault("adam_update", says="every step is taken to be the first", killed_by="values", history="adam_step")
def step_ignored(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=min(step, 1), **how)


@fault("adam_update", says="one is added to a step that counts from 1 already", killed_by="values", history="adam_step")
def step_from_zero(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=step + (step > 0), **how)


@fault(
    "adam_update",
    says="the correction is one step behind",
    killed_by="values",
    corner="after step 1",
    history="adam_step",
)
def step_behind(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    return right(*arrays, step=step - (step > 1), **how)


@fault(
    "adam_update",
    says="the step is counted in 8 bits",
    killed_by="values",
    corner="after step 255",
    history="adam_step",
)
def step_of_8_bits(right: Right, *arrays: Any, step: int, **how: Any) -> Any:
    right(*arrays, step=step, **how)
    return right(*arrays, step=step % 256 or step, **how)


@fault(
    "adam_update",
    says="the function counts its calls instead of reading step",
    killed_by="no_state",
    history="adam_step",
    remembers=True,
)
def step_counted(right: Right, kept: Any, param: Any, *arrays: Any, step: int, **how: Any) -> Any:
    answer = right(param, *arrays, step=kept.get(param.shape, step), **how)
    kept[param.shape] = kept.get(param.shape, step) + 1
    return answer


@fault("adam_update", says="v is written in place", killed_by="inputs_unchanged", history="mutated_input")
def v_in_place(right: Right, param: Any, grad: Any, m: Any, v: Any, **how: Any) -> Any:
    answer = right(param, grad, m, v, **how)
    np.copyto(v if v.flags.writeable else v.copy(), answer[2])
    return answer


@fault("adam_update", says="m is written in place", killed_by="inputs_unchanged", history="mutated_input")
def m_in_place(right: Right, param: Any, grad: Any, m: Any, v: Any, **how: Any) -> Any:
    answer = right(param, grad, m, v, **how)
    np.copyto(m if m.flags.writeable else m.copy(), answer[1])
    return answer


@fault("adam_update", says="grad itself comes back as m", killed_by="no_alias", corner="only with beta1 = 0")
def gradient_as_m(right: Right, param: Any, grad: Any, m: Any, v: Any, **how: Any) -> Any:
    new, averaged, squared = right(param, grad, m, v, **how)
    return new, averaged if how.get("beta1", 0.9) else grad, squared


@fault(
    "adam_update",
    says="NumPy's error settings stay changed when the call is refused",
    killed_by="no_global_state",
    corner="only where the call is refused",
)
def settings_left_when_refused(right: Right, *arrays: Any, **how: Any) -> Any:
    settings = np.seterr(all="ignore")
    answer = right(*arrays, **how)
    np.seterr(**settings)
    return answer
