"""The command: its exit status, its reports, and one line for whatever it cannot do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import refcnn
from conformance.cli import app, main
from conformance.contract import OPERATORS

WRONG = Path(__file__).parents[1] / "implementations" / "wrong"
ZEROS = str(WRONG / "null_zeros.py")
RELU = '{"operator": "relu", "shapes": {"x": [2]}, "data": "ones"}'
ADAM = """{"operator": "adam_update", "shapes": {"param": [2], "grad": [2], "m": [2], "v": [2]},
    "attributes": {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "step": 0}}"""
# They would have 28 PiB.
TOO_MANY_COLUMNS = """{"operator": "im2col", "shapes": {"x": [1, 1000, 1, 1]},
    "attributes": {"kernel_size": 1, "padding": 1000000}}"""
BAD_AXIS = '{"operator": "softmax", "shapes": {"x": [2, 3]}, "attributes": {"axis": 2}}'


def plain(text: str) -> str:
    """Take the colours out."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def verify(*arguments: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, its output and its errors."""
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, plain(result.stdout), plain(result.stderr)


def judge(*arguments: str, jobs: int = 1) -> tuple[int, str, str]:
    """Judge few cases; to start a process for each core takes longer."""
    return verify(*arguments, "--profile", "quick", "--jobs", str(jobs))


def operators(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["operators"]
    return read


def written(folder: Path, text: str) -> str:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_conforms_ends_with_status_0() -> None:
    status, out, _ = judge("--op", "relu")
    assert status == 0
    assert "refcnn conforms   (1 operator provided; " in out


def test_what_does_not_conform_ends_with_status_1() -> None:
    status, out, _ = judge(ZEROS, "--op", "relu")
    assert status == 1
    assert "relu FAILS relu.values" in out
    assert " does not conform: relu   (" in out


def test_what_cannot_be_judged_ends_with_status_2(tmp_path: Path) -> None:
    target = written(tmp_path, "def relu(x):\n    raise NotImplementedError\n")
    status, _, err = judge(target, "--op", "relu", "--op", "tanh")
    assert status == 2
    assert err.strip().endswith("nothing is implemented yet, for every call raised NotImplementedError")
    status, _, err = judge(target, "--op", "tanh")
    assert status == 2
    assert err.strip().endswith("no case could be judged, so nothing is known about tanh")


def test_operators_are_judged_once_each_and_a_backward_name_stands_for_its_operator(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert judge("--op", "tanh_backward", "--op", "relu", "--op", "tanh", "--report", str(path))[0] == 0
    assert list(operators(path)) == ["tanh", "relu"]


def test_reports_are_written_in_every_form_though_something_fails(tmp_path: Path) -> None:
    paths = [tmp_path / f"report.{ending}" for ending in ("json", "xml", "html", "md", "svg")]
    reports = [argument for path in paths for argument in ("--report", str(path))]
    assert judge(ZEROS, "--op", "relu", *reports)[0] == 1
    written_json, junit, page, summary, badge = paths
    assert "<h1>" in page.read_text(encoding="utf-8")
    assert "does not conform: relu" in summary.read_text(encoding="utf-8")
    assert "refcnn: fails 1/1" in badge.read_text(encoding="utf-8")
    assert operators(written_json)["relu"]["status"] == "fails"
    (suite,) = ElementTree.fromstring(junit.read_text(encoding="utf-8"))  # noqa: S314 - our own report
    assert int(suite.get("failures", "0")) > 0


@pytest.mark.parametrize(("flag", "jobs"), [("--fail-fast", 1), ("-x", 2)])
def test_fail_fast_stops_at_the_first_broken_requirement(flag: str, jobs: int, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert judge(ZEROS, flag, "--op", "relu", "--op", "tanh", "--report", str(path), jobs=jobs)[0] == 1
    assert {name: list(each["requirements"]) for name, each in operators(path).items()} == {"relu": ["relu.values"]}


def without_seconds(path: Path) -> dict[str, Any]:
    return {name: each | {"seconds": 0} for name, each in operators(path).items()}


def test_jobs_and_runs_of_the_same_seed_give_the_same_report(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.json" for name in ("first", "jobs", "seed")]
    for path, jobs, seed in zip(paths, (1, 2, 1), ("0", "0", "1"), strict=True):
        few = ("--op", "sgd_update", "--op", "momentum_update", "--seed", seed)
        assert judge(*few, "--report", str(path), jobs=jobs)[0] == 0
    first, in_jobs, of_another_seed = map(without_seconds, paths)
    assert first == in_jobs
    assert first != of_another_seed


LINES: list[tuple[list[str], str]] = [
    (["no_such_module"], "target 'no_such_module' cannot be imported: ModuleNotFoundError: No module named"),
    (["refcnn:nothing"], "target 'refcnn:nothing': refcnn has no 'nothing'"),
    (["json"], "target 'json' provides no function of the contract, such as conv2d, and no known layers"),
    (["--op", "conv3d"], f"--op must be one of {', '.join(OPERATORS)}; got 'conv3d'"),
    (["--report", "report.txt"], "--report must end in .html, .json, .xml, .md or .svg, got report.txt"),
    (["--report", "nowhere/a.json"], "--report must name a file in an existing folder, got nowhere/a.json"),
    ([""], "the target must be a module, a file, or an object in one of them, got ''"),
    (["", "--isolate"], "the target must be a module, a file, or an object in one of them, got ''"),
    (["--report", "folder.json"], "--report must name a file, got the folder folder.json"),
    (["--replay", "{"], "--replay: case must be JSON, got '{' ("),
    (["--replay", '{"operator": ["relu"]}'], "--replay: operator must be one of im2col, "),
    (
        ["--replay", RELU.replace("2", "100000000000")],
        "--replay: a case must hold at most 268,435,456 numbers, got 100,0",
    ),
    (["--replay", "[]"], "--replay: case must be a JSON object, got []"),
    (["--replay", RELU, "--check", "tanh.values"], "--replay: --check must be one of relu.values, "),
    (["--replay", RELU.replace("ones", "none")], "--replay: data must be one of uniform, "),
]


@pytest.mark.parametrize(("arguments", "line"), LINES, ids=[" ".join(arguments) for arguments, _ in LINES])
def test_what_the_command_cannot_do_is_refused_in_one_line(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.json").mkdir()
    status, _, err = verify(*arguments)
    assert status == 2
    assert err.startswith(f"refcnn: {line}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["--profile", "fast"], "--profile"),
        (["--seed", "-1"], "--seed"),
        (["--jobs", "0"], "--jobs"),
        (["--nothing"], "--nothing"),
    ],
)
def test_a_bad_option_is_named(arguments: list[str], name: str) -> None:
    status, _, err = verify(*arguments)
    assert status == 2
    assert name in err
    assert "Traceback" not in err


def test_a_replay_of_what_is_right_ends_with_status_0() -> None:
    status, out, _ = verify("--replay", RELU)
    assert status == 0
    assert "got        y float64 (2,)\n           [1. 1.]\n" in out


@pytest.mark.parametrize("check", [[], ["--check", "relu.values"]], ids=["all", "one requirement"])
def test_a_replay_of_what_is_wrong_ends_with_status_1(check: list[str]) -> None:
    status, out, _ = verify(ZEROS, "--replay", RELU, *check)
    assert status == 1
    assert "y[0] is 0.0, want 1.0; 2 of 2 differ, worst error 1.0 where 0.0 is allowed" in out


def test_a_refusal_can_be_repeated() -> None:
    status, out, _ = verify("--replay", BAD_AXIS, "--check", "softmax.refusals")
    assert status == 0
    assert "passed     worst error 0 × allowed" in out


@pytest.mark.no_cover
def test_the_command_of_a_failure_repeats_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    judge(ZEROS, "-x", "--op", "conv1d", "--report", str(path))
    ((requirement, result),) = operators(path)["conv1d"]["requirements"].items()
    (failure,) = result["failures"]
    status, out, _ = verify(ZEROS, "--check", requirement, "--replay", json.dumps(failure["case"]))
    assert status == 1
    assert failure["message"] in out


@pytest.mark.parametrize(
    "option", [["--report", "a.json"], ["--op", "relu"], ["--fail-fast"], ["--expect", "a.toml"]], ids=" ".join
)
def test_what_a_replay_would_leave_undone_is_refused(option: list[str]) -> None:
    status, output, errors = verify("--replay", RELU, *option)
    assert (status, output) == (2, "")
    assert errors == f"refcnn: --replay repeats one case, without {option[0]}, which was given\n"


def test_a_check_without_a_case_is_refused() -> None:
    status, _, errors = verify("--check", "relu.values")
    assert status == 2
    assert errors == "refcnn: --check names the requirement for --replay, which was not given\n"


@pytest.mark.parametrize(
    "case",
    [
        '{"operator": "conv2d", "shapes": {"x": [2], "weight": [1, 2]}}',
        '{"operator": "softmax", "shapes": {"x": [2]}, "attributes": {"axis": "b"}}',
        BAD_AXIS,
        ADAM,
        TOO_MANY_COLUMNS,
    ],
)
def test_a_case_without_an_answer_is_refused_in_one_line(case: str) -> None:
    status, output, errors = verify("--replay", case)
    assert (status, output) == (2, "")
    assert errors.startswith("refcnn: --replay: the case has no answer (")
    assert errors.count("\n") == 1


def test_a_target_that_ends_its_process_is_named_in_one_line(tmp_path: Path) -> None:
    target = written(tmp_path, "import os\n\n\ndef relu(x):\n    os._exit(3)\n\n\ntanh = relu\n")
    operators = ("avg_pool2d", "relu", "tanh")  # the first is not provided
    status, output, errors = judge(target, *(word for name in operators for word in ("--op", name)), jobs=2)
    assert (status, output) == (2, "")
    assert errors == (
        f"refcnn: target {target!r}: a process that judged relu or tanh died; "
        "with --isolate it is judged to the end, and the call is told\n"
    )


def test_without_a_command_the_help_is_shown() -> None:
    result = CliRunner().invoke(app, [])
    assert "verify" in plain(result.output)


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"refcnn {refcnn.__version__}\n")


def test_main_runs_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["refcnn", "verify", "--replay", RELU])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


@pytest.mark.no_cover
def test_the_installed_command_judges_a_file_of_the_folder_it_is_called_in(tmp_path: Path) -> None:
    written(tmp_path, "import refcnn\nsgd_update = refcnn.sgd_update\n")
    command = Path(sys.executable).parent / "refcnn"
    ran = subprocess.run(
        [command, "verify", "mine", "--profile", "quick"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith("mine conforms   (1 operator provided; ")
    assert ran.stderr.strip() == ""


def test_on_github_what_fails_is_an_annotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    written(tmp_path, "import numpy as np\n\n\ndef relu(x):\n    return np.maximum(x, 0)\n")
    status, out, _ = judge("mine.py", "--op", "relu")
    assert status == 1
    assert "\n::error file=mine.py,title=relu.refusals::Bad input is refused with ValueError or TypeError.%0A" in out
    assert "`mine.py` does not conform: relu" in Path("summary.md").read_text(encoding="utf-8")


def test_lines_of_a_message_cannot_be_taken_for_commands(tmp_path: Path) -> None:
    target = written(tmp_path, 'def relu(x):\n    raise RuntimeError("first\\n::add-mask::second")\n')
    _, out, _ = judge(target, "--op", "relu", "-x")
    assert "\n            | ::add-mask::second\n" in out
    assert not re.search(r"^\s*::", out, flags=re.MULTILINE)


def test_a_report_that_may_not_be_written_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    result = CliRunner().invoke(app, ["verify", "--report", "report.json"])
    assert result.exit_code == 2
    assert result.stderr == "refcnn: --report must name a file that may be written, got report.json\n"
