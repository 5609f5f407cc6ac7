"""Layers answer few of the grid's cases: enough plain ones are asked to tell right from wrong, and no more is said."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.diagnosis import diagnose
from conformance.implementation import from_namespace
from conformance.judge import judge_requirement
from conformance.outcome import FAILS
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")


def textbook() -> dict[str, Any]:
    """Return the right module's names, in a module of its own, to change one of them."""
    path = Path(__file__).parents[2] / "implementations" / "layers" / "right_layers.py"
    spec = importlib.util.spec_from_file_location("layers_to_change", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


@pytest.mark.no_cover
@pytest.mark.parametrize("order", [(0, 2, 1, 3, 4, 5), (0, 1, 2, 3, 5, 4)], ids=["windows", "kernel"])
def test_columns_in_another_order_are_found_by_their_values(order: tuple[int, ...]) -> None:
    right = textbook()
    im2col = right["im2col"]

    def turned(x: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
        rows = im2col(x, filter_h, filter_w, stride, pad)
        N, C, H, W = x.shape
        OH, OW = (H + 2 * pad - filter_h) // stride + 1, (W + 2 * pad - filter_w) // stride + 1
        return rows.reshape(N, OH, OW, C, filter_h, filter_w).transpose(order).reshape(rows.shape)

    mine = from_namespace("mine", SimpleNamespace(**{**right, "im2col": turned}))
    result = judge_requirement(mine, BY_ID["im2col.values"], QUICK)
    assert result.status == FAILS
    assert result.cases >= QUICK.few


def test_an_exception_alone_names_no_mistake_where_much_is_not_supported() -> None:
    right = textbook()

    class Convolution(right["Convolution"]):  # type: ignore[misc,valid-type]  # a class that is found at run time
        def backward(self, dout: Any) -> Any:
            self.stride, stride = 1, self.stride  # its columns no longer fit where the stride is more than 1
            try:
                return super().backward(dout)
            finally:
                self.stride = stride

    mine = from_namespace("mine", SimpleNamespace(**{**right, "Convolution": Convolution}))
    for name in ("conv2d_backward.values", "conv2d_backward.inputs_unchanged"):
        result = judge_requirement(mine, BY_ID[name], QUICK)
        assert result.status == FAILS
        assert diagnose(mine, {BY_ID[name]: result.wrong}, QUICK) == {}
