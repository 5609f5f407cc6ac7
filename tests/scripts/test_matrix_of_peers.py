"""The project's own matrix: every peer that is installed stands in it, and the others are named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import matrix
import pytest

from conformance.cli_judging import Profile
from conformance.implementation import load


def test_each_peer_is_named_once_and_can_be_loaded() -> None:
    names = [name for name, _, _ in matrix.PEERS]
    assert names == ["refcnn", "PyTorch", "JAX", "ONNX Runtime", "SciPy", "textbook-style layers"]
    for _, target, packages in matrix.PEERS:
        if not packages:
            assert load(target).provides("relu")
        else:
            assert importlib.util.find_spec(target) is not None


def test_what_is_not_installed_is_left_out_and_said_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peers = (("ours", "refcnn", ()), ("other", "other", ("json", "no_such_package", "no_more")))
    monkeypatch.setattr(matrix, "PEERS", peers)
    matrix.main(Profile.QUICK, op=["sgd_update"])
    out, errors = capsys.readouterr()
    assert errors == "other is left out: no_such_package, no_more is not installed\n"
    lines = out.splitlines()
    assert lines[0] == "| operator | `ours` |"
    assert lines[2].startswith("| `sgd_update` | conforms, ")
    assert lines[3] == "| conforms | 1 of 1 |"


def test_the_deviations_beside_an_adapter_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "_ROOT", tmp_path)
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "peer.toml").write_text(
        '[[deviation]]\nrequirement = "relu.values"\nreason = "so"\nlink = "https://example.org"\n', encoding="utf-8"
    )
    assert list(matrix.accepted("adapters.peer")) == ["relu.values"]
    assert matrix.accepted("adapters.other") == {}
    assert matrix.accepted("refcnn") == {}
