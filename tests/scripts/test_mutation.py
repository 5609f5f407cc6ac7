"""The mutation script tells apart what the contract leaves free from what a test is missing for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import mutation
import pytest
from mutation import JUDGE, MODULES, REASONS, Survivor, kind_of

from conformance.contract import OPERATORS


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ('floats("relu", x=x)', 'floats("XXreluXX", x=x)', "text"),
        ('rank(operator, "x", x.shape, "(N, K)")', 'rank(None, "x", x.shape, "(N, K)")', "text"),
        ("shape(operator, TEXT, g, x.shape, x=x)", "shape(operator, TEXT, g, x.shape, )", "text"),
        ("shape(operator, TEXT, g, x.shape, x=x)", "shape(operator, TEXT, g, x.shape, x=None)", "text"),
        ('with np.errstate(all="ignore"):', "with np.errstate(all=None):", "text"),
        ('with np.errstate(all="ignore"):', 'with np.errstate(over="ignore"):', "errstate"),
        ("return np.asarray(y, dtype), z", "return np.asarray(y, None), z", "cast"),
        ("return np.asarray(y, dtype), z", "return np.asarray(y, ), z", "cast"),
        ("counts = count(axes).astype(x.dtype)", "counts = count(axes).astype(None)", "precision"),
        ("y = np.zeros(shape, x.dtype)", "y = np.zeros(shape, )", "precision"),
        ("y = np.zeros(shape, x.dtype)", "y = np.zeros(None, x.dtype)", ""),
        ("y = np.zeros(shape, x.dtype)", "y = np.ones(shape, x.dtype)", ""),
        ("y = x.reshape(-1, 1)", "y = x.reshape(-2, 1)", "size"),
        ("y = x.reshape(-1, 1)", "y = x.reshape(-1, 2)", ""),
        ('shape("sgd", name, grad, x.shape, x=x)', 'shape("sgd", None, grad, x.shape, x=x)', "text"),
        ("for a, b in zip(x, y, strict=True):", "for a, b in zip(x, y, strict=None):", "guard"),
        ("for a, b in zip(x, y, strict=True):", "for a, b in zip(x, y, ):", "guard"),
        ("for a, b in zip(x, y, strict=True):", "for a, b in zip(x, strict=True):", ""),
        ("for part in blocks(n, 2 * size):", "for part in blocks(n, 3 * size):", "block"),
        ("x.max(axis, initial=-np.inf)", "x.max(axis, )", "empty"),
        ("shape(operator, TEXT, g, x.shape, x=x)", "shape(operator, TEXT, None, x.shape, x=x)", ""),
        ("y = x + 1", "y = x - 1", ""),
        ("y = x.sum(axis=0)", "y = x.sum(axis=None)", ""),
    ],
)
def test_a_survivor_is_equivalent_only_for_a_reason(before: str, after: str, kind: str) -> None:
    assert kind_of(Survivor("name", before, after)) == kind
    assert kind in {"", *REASONS}


def test_every_module_is_judged_on_operators_that_there_are() -> None:
    assert {operator for operators in MODULES.values() for operator in operators} == set(OPERATORS)
    assert all((mutation.ROOT / "refcnn" / f"{module}.py").is_file() for module in MODULES)


def test_every_module_of_the_judge_has_tests_of_its_own() -> None:
    for module, tests in JUDGE.items():
        assert (mutation.ROOT / "conformance" / f"{module}.py").is_file(), module
        assert all((mutation.ROOT / path).exists() for path in tests), module
    assert not JUDGE.keys() & MODULES.keys()


@pytest.mark.parametrize("module", ["softmax", "oracle/bounds"])
def test_mutmut_is_configured_to_change_one_module_alone(module: str) -> None:
    (settings,) = tomllib.loads(mutation._configuration(module))["tool"].values()
    assert [Path(path).stem for path in settings["only_mutate"]] == [Path(module).stem]
    assert ("--impl-op" in settings["pytest_add_cli_args"]) == (module in MODULES)


def test_the_lines_of_a_diff_are_read() -> None:
    survivor = mutation._survivor("name", "--- a\n+++ b\n@@ -1 +1 @@\n same\n-before\n+after\n")
    assert (survivor.before, survivor.after) == ("before", "after")
