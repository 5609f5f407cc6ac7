"""The command with --isolate and --exec: what it refuses, what it reports, and that a target that dies ends nothing."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from conformance.cli import app
from conformance.cli_isolation import chosen_source
from conformance.implementation import load
from conformance.isolation.limits import Limits
from conformance.isolation.source import Source, opened
from conformance.judge import judge, judge_operator, judge_requirement
from conformance.plan import Plan
from conformance.requirements import REQUIREMENTS

BY_ID = {requirement.id: requirement for requirement in REQUIREMENTS}
QUICK = Plan("quick")
# Dies on each array of three axes, and is wrong in nothing else.
MORTAL = """
import os
import refcnn
def relu(x):
    if x.ndim == 3: os._exit(3)
    return refcnn.relu(x)
def relu_backward(grad_output, x):
    os._exit(4)
"""
RELU = '{"operator": "relu", "shapes": {"x": [1, 1, 1]}, "data": "ones"}'


def verify(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join((result.stdout + result.stderr).split())


@pytest.fixture
def mortal(tmp_path: Path) -> str:
    (tmp_path / "mortal.py").write_text(MORTAL, encoding="utf-8")
    return str(tmp_path / "mortal.py")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--timeout", "1"], "--timeout needs a process of its own for the target: --isolate or --exec"),
        (["--memory", "100"], "--memory needs a process of its own for the target: --isolate or --exec"),
        (["mine.py", "--exec", "./a"], "--exec names what is judged, so that there can be no target, got 'mine.py'"),
        (["--exec", ""], "--exec must be a command and its arguments, got ''"),
        (["--exec", "./a 'b"], '--exec must be a command and its arguments, got "./a \'b" (No closing quotation)'),
        (["--exec", "./no_such -x"], "program './no_such' cannot be started: No such file or directory"),
        (["no_such_module", "--isolate"], "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        (["refcnn", "--isolate", "--device", "cuda"], "--device: target 'refcnn' cannot choose a device, got 'cuda'"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFCNN_DEVICE", "")
    status, said = verify(*arguments)
    assert (status, said.endswith(reason)) == (2, True), said


def test_a_system_without_sessions_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.cli_isolation.os.name", "nt")
    with pytest.raises(typer.Exit):
        chosen_source(None, None, isolate=True, timeout=None, memory=None)
    assert "--isolate and --exec need a POSIX system, such as Linux or macOS" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source("refcnn"), ("refcnn", "--isolate")),
        (Source(program=("./my kernels", "-x")), ("--exec", "'./my kernels' -x")),
        (
            Source("a.py", limits=Limits(timeout=0.5, memory=64)),
            ("a.py", "--isolate", "--timeout", "0.5", "--memory", "64"),
        ),
    ],
)
def test_a_source_says_the_words_that_choose_it(source: Source, words: tuple[str, ...]) -> None:
    assert source.named == words
    exec_ = words[1] if words[0] == "--exec" else None
    target = None if exec_ else words[0]
    timeout, memory = (0.5, 64) if len(words) > 2 else (None, None)
    assert chosen_source(target, exec_, isolate=exec_ is None, timeout=timeout, memory=memory) == source


def test_without_a_target_the_reference_is_isolated() -> None:
    assert chosen_source(None, None, isolate=True, timeout=None, memory=None) == Source("refcnn")
    assert chosen_source(None, None, isolate=False, timeout=None, memory=None) is None


def test_a_long_timeout_gives_a_target_long_to_load() -> None:
    source = chosen_source(None, None, isolate=True, timeout=30.0, memory=None)
    assert source is not None
    assert source.limits.start == 300.0


@pytest.mark.no_cover
def test_a_target_that_dies_is_judged_to_the_end(mortal: str, tmp_path: Path) -> None:
    written = tmp_path / "report.json"
    status, said = verify(mortal, "--isolate", "--op", "relu", "--profile", "quick", "--report", str(written))
    report = json.loads(written.read_text(encoding="utf-8"))
    requirements = report["operators"]["relu"]["requirements"]
    assert status == 1
    assert (report["isolated"], report["exec"]) == (True, None)
    assert requirements["relu.values"]["failures"][0]["message"] == "exited with status 3"
    assert requirements["relu_backward.values"]["failures"][0]["message"] == "exited with status 4"
    assert requirements["relu_backward.values"]["failed"] == 3
    assert requirements["relu_backward.values"]["not_run"] > 20
    assert sum(each["failed"] for each in requirements.values()) == 9  # after which nothing else is run
    assert {each["status"] for each in requirements.values()} == {"fails", "not tested"}
    assert f"refcnn verify {mortal} --isolate --check relu.values --replay" in said
    assert "not run after so many deaths of its process" in said


@pytest.mark.no_cover
def test_a_replay_is_isolated_too(mortal: str) -> None:
    status, said = verify(mortal, "--isolate", "--check", "relu.values", "--replay", RELU)
    assert status == 1
    assert said.endswith("violated relu.values: exited with status 3")


def test_a_death_is_no_refusal_and_no_pure_call(mortal: str) -> None:
    isolated = opened(Source(mortal))
    for requirement in ("relu_backward.refusals", "relu_backward.no_global_state"):
        result = judge_requirement(isolated, BY_ID[requirement], QUICK)
        assert result.status == "fails"
        assert result.failures[0].violation.message.endswith(
            "exited with status 4, want ValueError or TypeError"
            if "refusals" in requirement
            else "exited with status 4"
        )
    isolated.speaker.close()


@pytest.mark.no_cover
def test_a_death_that_hypothesis_finds_ends_the_search(tmp_path: Path) -> None:
    text = "import os, refcnn\ndef relu(x):\n    if x.shape[:1] == (5,): os._exit(6)\n    return refcnn.relu(x)\n"
    (tmp_path / "rare.py").write_text(text, encoding="utf-8")
    rare = opened(Source(str(tmp_path / "rare.py")))
    result = judge_requirement(rare, BY_ID["relu.values"], Plan("default"))
    assert result.status in ("fails", "conforms")
    assert rare.deaths <= 3
    rare.speaker.close()


@pytest.mark.no_cover
def test_workers_open_the_source_themselves(tmp_path: Path) -> None:
    script = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(tmp_path / 'p.py'))}"
    (tmp_path / "p.py").write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        "    more = dict(operators=['relu', 'tanh']) if request['command'] == 'hello' else dict(results=[])\n"
        "    print(json.dumps(dict(id=request['id'], **more)), flush=True)\n",
        encoding="utf-8",
    )
    status, said = verify("--exec", script, "--op", "relu", "--op", "tanh", "--profile", "quick", "-n", "2")
    assert status == 1
    assert "found: answered with 0 results, want a list of 1: y" in said
    assert f"repeat: refcnn verify --exec {shlex.quote(script)} --check relu.values --replay" in said


def test_an_implementation_without_a_process_of_its_own_never_dies() -> None:
    reference = load("refcnn")
    assert reference.deaths == 0
    assert reference.named == ("refcnn",)
    assert reference.again().target == "refcnn"
    assert judge_operator(reference, "relu", QUICK).requirements[0].not_run == 0
    assert [each.status for each in judge(reference, ["relu"], QUICK)] == ["conforms"]
