"""Mutate the reference, or what judges it, with mutmut, and say of each survivor why it lives.

python scripts/mutation.py [MODULE ...]     # such as softmax or oracle/bounds; all of them if none is named

Needs the extra `mutation`. A module of the reference is judged by the suite on its own operators: by the quick profile
and, what survives that, by the default one. A module of the judge (its comparison, its oracle and bounds) is judged by
its own tests. Works on a copy; the tree stays as it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer
from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
console = Console(highlight=False, soft_wrap=True)

# The operators that show what a module does.
MODULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "softmax": ("softmax",),
        "loss": ("cross_entropy",),
        "linear": ("linear",),
        "activation": ("relu", "sigmoid", "tanh"),
        "dropout": ("dropout",),
        "optim": ("sgd_update", "momentum_update", "adam_update"),
        "batch_norm": ("batch_norm",),
        "local_response_norm": ("local_response_norm",),
        "max_pool": ("max_pool2d",),
        "avg_pool": ("avg_pool2d", "global_avg_pool2d"),
        "im2col": ("im2col", "col2im"),
        "conv": ("conv1d", "conv2d"),
        "conv_transpose": ("conv_transpose2d",),
        "_correlate": ("conv2d", "conv_transpose2d"),
        "_blocks": ("relu", "max_pool2d", "adam_update"),
        "_windows": ("im2col", "max_pool2d", "avg_pool2d", "conv_transpose2d", "conv2d"),
    }
)

# The tests that must notice a change of the judge itself.
_ORACLE = ("tests/conformance/oracle",)
JUDGE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "comparison": ("tests/conformance/test_comparison.py",),
        **{
            f"oracle/{name}": _ORACLE
            for name in (
                "bounds",
                "geometry",
                "convolution",
                "pooling",
                "pointwise",
                "loss",
                "normalisation",
                "optimisers",
            )
        },
    }
)

# Why a mutant cannot be told from the reference by the contract.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "text": "it changes the wording of an error, which the contract leaves free",
        "errstate": "it changes which warnings NumPy gives, which the contract leaves free",
        "cast": "it leaves out a cast that changes nothing but in float16, which is optional",
        "precision": "it computes in float64 and rounds at the end, which is as right",
        "size": "it gives another negative number for the size that follows from the rest",
        "guard": "it leaves out a guard against a mistake that this code does not make",
        "block": "it changes how much is in work at a time, and with it time and memory alone",
        "empty": "it differs along an axis without cells alone, which is not judged",
        "infinite": "it differs where a logit is infinite alone, which the contract does not settle",
    }
)


@dataclass(frozen=True)
class Survivor:
    """A mutant that the suite does not reject: its name and its lines, before and after."""

    name: str
    before: str
    after: str


def kind_of(survivor: Survivor) -> str:
    """Return which of the equivalent changes a survivor is, or nothing."""
    before, after = (re.sub(r"\s+", "", line) for line in (survivor.before, survivor.after))
    if _without_texts(before) == _without_texts(after):
        return "text"
    if "strict=" in before and _without_guards(before) == _without_guards(after):
        return "guard"
    if ",dtype)" in before and _without_casts(before) == _without_casts(after):
        return "cast"
    if ".dtype)" in before and _without_precision(before) == _without_precision(after):
        return "precision"
    if before.replace("reshape(-1", "reshape(-2") == after.replace("reshape(-1", "reshape(-2"):
        return "size"
    marks = {
        "errstate(": "errstate",
        "blocks(": "block",
        "initial=-np.inf": "empty",
        "np.isneginf(log_p)": "infinite",
    }
    return next((kind for mark, kind in marks.items() if mark in before), "")


def _without_guards(line: str) -> str:
    """Return a line whose iterators need not be of one length."""
    return re.sub(r",(strict=\w+)?\)", ")", line)


def _without_casts(line: str) -> str:
    """Return a line whose arrays take the dtype that they come in."""
    return re.sub(r",(dtype|None)?\)", ")", line)


def _without_precision(line: str) -> str:
    """Return a line whose new arrays are of the default type, float64."""
    return re.sub(r"\(\w+\.dtype\)|\(None\)", "()", re.sub(r",(\w+\.dtype|None)?\)", ")", line))


# The checks of arguments; arrays that they are passed by name are only quoted.
_CHECK = re.compile(r"^(?:shape|fits|rank|require|labels|batch|filters|features|floats)\(|=floats\(")


def _without_texts(line: str) -> str:
    """Return a line with whatever goes into a message as one word; mutmut puts None for it, or leaves it out."""
    line = re.sub(r'f?"[^"]*"|\bNone\b|\boperator\b|\bname\b', "TEXT", line)
    if _CHECK.search(line) and "floats(" not in line:
        line = re.sub(r",\w+=\w+(?=[,)])", "", line).replace(",)", ")")
    return line


def main(
    modules: Annotated[list[str] | None, typer.Argument(help="Modules of refcnn, or of the judge.")] = None,
    jobs: Annotated[int, typer.Option("-n", min=1, help="How many mutants at once.")] = 1,
) -> None:
    """Count the mutants that the suite rejects, and list the others."""
    counts: Counter[str] = Counter()
    for module in modules or (*MODULES, *JUDGE):
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            mine = _mutate(Path(folder), module, jobs)
        counts += mine
        console.print(f"{module}: {_summary(mine)}, {time.perf_counter() - begin:.0f} s")
    console.print(f"all: {_summary(counts)}")


def _summary(counts: Counter[str]) -> str:
    equivalent = sum(counts[kind] for kind in REASONS)
    told = counts["killed"] + counts["survived"]
    share = counts["killed"] / told if told else 1.0
    return f"{counts['killed']} of {told} killed ({share:.1%}), {equivalent} equivalent"


def _mutate(folder: Path, module: str, jobs: int) -> Counter[str]:
    for name in ("refcnn", "conformance", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").write_text(_configuration(module))
    environment = os.environ | {"PYTHONPATH": "."}
    mutmut = [sys.executable, "-m", "mutmut"]
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [*mutmut, "run", "--max-children", str(jobs)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if "mutations/second" not in ran.stdout:
        raise RuntimeError(f"mutmut did not run on {module}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    listed = _run([*mutmut, "results", "--all", "true"], folder)
    states = dict(re.findall(r"(\S+): (.+)", listed))
    counts: Counter[str] = Counter()
    for name, state in states.items():
        counts[_verdict(folder, module, name, state.strip())] += 1
    return counts


def _verdict(folder: Path, module: str, name: str, state: str) -> str:
    """Return what became of a mutant; whoever survives the quick profile is judged by the default one."""
    if state != "survived":
        return "killed"  # a test failed, or it ran for ever
    survivor = _survivor(name, _run([sys.executable, "-m", "mutmut", "show", name], folder))
    if kind := kind_of(survivor):
        return kind
    if module in JUDGE or _passes_the_default_profile(folder, module, name):
        console.print(f"  {name} survives:\n    {survivor.before.strip()}\n    {survivor.after.strip()}", markup=False)
        return "survived"
    return "killed"


def _passes_the_default_profile(folder: Path, module: str, name: str) -> bool:
    environment = os.environ | {"PYTHONPATH": ".", "MUTANT_UNDER_TEST": name}
    command = [sys.executable, "-m", "pytest", "conformance/test_conformance.py", "-q", "-x", *_options(module)]
    judged = subprocess.run(command, cwd=folder / "mutants", env=environment, capture_output=True, check=False)  # noqa: S603 - as above
    return judged.returncode == 0


def _survivor(name: str, diff: str) -> Survivor:
    changed = [line for line in diff.splitlines() if re.match(r"[-+](?![-+])", line)]
    before, after = ("\n".join(line[1:] for line in changed if line[0] == sign) for sign in "-+")
    return Survivor(name, before, after)


def _options(module: str, profile: str = "default") -> Iterator[str]:
    yield from ("--impl-profile", profile)
    for operator in MODULES[module]:
        yield from ("--impl-op", operator)


def _configuration(module: str) -> str:
    package = "conformance" if module in JUDGE else "refcnn"
    tests = JUDGE.get(module, ("conformance/test_conformance.py",))
    options = () if module in JUDGE else _options(module, "quick")
    return (
        f'[tool.mutmut]\nsource_paths = ["{package}"]\nonly_mutate = ["{package}/{module}.py"]\n'
        f"pytest_add_cli_args_test_selection = {_array(tests)}\n"
        f"pytest_add_cli_args = {_array(('-q', '-x', '--import-mode=importlib', *options))}\n"
        f'also_copy = ["refcnn", "conformance", "tests"]\nuse_git_change_detection = false\n'
    )


def _array(texts: Iterable[str]) -> str:
    """Return texts as an array of TOML."""
    return f"[{', '.join(map(json.dumps, texts))}]"


def _run(command: list[str], folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": "."}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - as above
    return ran.stdout


if __name__ == "__main__":
    typer.run(main)
