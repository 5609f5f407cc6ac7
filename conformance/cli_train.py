"""The commands ``refcnn train``, ``refcnn predict`` and ``refcnn summary``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from conformance.console import make_console, refuse
from conformance.implementation import CallError, TargetError
from conformance.training_run import Order, Run, classify
from refcnn.mnist import DataError, read_digit
from refcnn.models import MODELS, build
from refcnn.training.checkpoint import CheckpointError
from refcnn.training.optimiser import OPTIMISERS
from refcnn.training.run import RECIPES, recipe
from refcnn.training.schedule import SCHEDULES
from refcnn.training.trainer import DivergedError

STOPPED, INTERRUPTED = 1, 130

OF_MODEL = "that of the model"


def one_of(names: Iterable[str]) -> str:
    """List the names for a person."""
    *others, last = names
    return f"{', '.join(others)} or {last}"


def train(
    model: Annotated[str, typer.Option(help=f"The network: {one_of(RECIPES)}.")] = "simple",
    data: Annotated[str, typer.Option(help="digits, the 5,000 bundled ones, or mnist, all 70,000.")] = "digits",
    folder: Annotated[
        Path | None, typer.Option(help="Where the files of --data mnist are, if not to be downloaded.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, show_default=OF_MODEL)] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, show_default=OF_MODEL)] = None,
    optimiser: Annotated[str | None, typer.Option(help=f"{one_of(OPTIMISERS)}.", show_default=OF_MODEL)] = None,
    lr: Annotated[float | None, typer.Option(help="The learning rate.", show_default=OF_MODEL)] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0, show_default=OF_MODEL)] = None,
    schedule: Annotated[
        str | None, typer.Option(help=f"How the learning rate changes: {one_of(SCHEDULES)}.", show_default=OF_MODEL)
    ] = None,
    warmup: Annotated[int | None, typer.Option(min=0, help="Epochs of a climbing rate.", show_default=OF_MODEL)] = None,
    augment: Annotated[
        bool | None, typer.Option("--augment/--no-augment", help="Warp the digits.", show_default=OF_MODEL)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights and of all chance.")] = 0,
    ops: Annotated[str, typer.Option(help="Train on these operators: a target, as for verify.")] = "refcnn",
    evaluate_on: Annotated[
        int | None, typer.Option(min=1, help="Accuracies on the first so many digits.", show_default="all")
    ] = None,
    target: Annotated[float | None, typer.Option(min=0, max=1, help="Stop at this test accuracy.")] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the checkpoint and the pictures.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this folder; --epochs may raise its end.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object an epoch.")] = False,
) -> None:
    """Train a network to read digits, on the reference's operators or on any others.

    The exit status is 0 if the run came to its end, 1 if it had to stop, and 2 if it could not begin.
    """
    folder_out = resume or out
    try:
        if resume is not None:
            run = Run.resumed(resume, epochs)
        else:
            chosen: dict[str, Any] = {
                "epochs": epochs,
                "batch_size": batch_size,
                "optimiser": optimiser,
                "lr": lr,
                "weight_decay": weight_decay,
                "schedule": schedule,
                "warmup": warmup,
                "augment": augment,
                "seed": seed,
            }
            given = {name: value for name, value in chosen.items() if value is not None}
            training = replace(recipe(model), **given)
            place = None if folder is None else str(folder)
            run = Run(Order(training, data, place, ops, evaluate_on, target))
        if folder_out is not None:
            folder_out.mkdir(parents=True, exist_ok=True)
            run.save(folder_out)
    except (TargetError, CheckpointError, DataError, ImportError, OSError, TypeError, ValueError) as error:
        refuse(str(error))
    _follow(run, folder_out, as_json=as_json)


def _follow(run: Run, folder: Path | None, *, as_json: bool) -> None:
    """Train to the end, keep what is learned after every epoch, and say how it ended."""
    save = (lambda: run.save(folder)) if folder is not None else (lambda: None)
    kept = "" if folder is None else f"; go on with: refcnn train --resume {folder}"
    try:
        run.follow(as_json=as_json, after_epoch=save)
    except KeyboardInterrupt:
        refuse(f"interrupted{kept}", INTERRUPTED)
    except DivergedError as error:
        refuse(f"{error}{kept and f'; the last good epoch is kept in {folder}'}", STOPPED)
    except (CallError, OSError) as error:
        refuse(f"{error}{kept}", STOPPED)
    if as_json:
        return
    console = make_console()
    if run.operators is not None and run.operators.borrowed:
        console.print(f"from the reference: {', '.join(sorted(run.operators.borrowed))}", soft_wrap=True)
    if folder is not None:
        try:
            pictures = run.draw(folder)
        except ImportError as error:
            console.print(f"no pictures: {error}; run: pip install 'refcnn\\[plot]'", soft_wrap=True)
        else:
            console.print(f"in {folder}: checkpoint.npz, {', '.join(path.name for path in pictures)}", soft_wrap=True)


def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures of a digit each, in any usual format.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a picture.")] = False,
) -> None:
    """Say which digit a picture shows, by the network of a run."""
    try:
        answers = classify(run, [read_digit(path) for path in images])
    except (CheckpointError, DataError, ImportError) as error:
        refuse(str(error))
    console = make_console()
    for path, probabilities in zip(images, answers, strict=True):
        digit = int(probabilities.argmax())
        if as_json:
            answer = {"image": str(path), "digit": digit, "probabilities": probabilities.tolist()}
            text = json.dumps(answer)
        else:
            text = f"{path}: {digit}  (probability {probabilities[digit]:.3f})"
        console.print(text, soft_wrap=True, markup=False)


def summary(model: Annotated[str, typer.Argument(help=f"The network: {one_of(MODELS)}.")]) -> None:
    """Print the layers of a network: what each answers, its parameters, its multiply-adds for one image."""
    try:
        network = build(model)
    except ValueError as error:
        refuse(str(error))
    table = Table(box=SIMPLE_HEAD, show_footer=True, pad_edge=False)
    table.add_column("layer", footer="total")
    table.add_column("kind")
    table.add_column("output", justify="right")
    table.add_column("parameters", footer=f"{network.parameter_count:,}", justify="right")
    table.add_column("multiply-adds", footer=f"{network.multiply_add_count:,}", justify="right")
    for row in network.summary():
        shape = "×".join(str(size) for size in row.output_shape)
        table.add_row(row.name, row.kind, shape, f"{row.parameters:,}", f"{row.multiply_adds:,}")
    make_console().print(table)
