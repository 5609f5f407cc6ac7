"""The commands ``refcnn train``, ``refcnn predict`` and ``refcnn summary``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from conformance.console import make_console, refuse
from conformance.implementation import CallError, TargetError
from conformance.training_run import CHECKPOINT, REFERENCE, Order, Run, classify, whole_name
from refcnn.mnist import DataError, read_digit
from refcnn.models import MODELS, build
from refcnn.training.checkpoint import CheckpointError
from refcnn.training.optimiser import OPTIMISERS
from refcnn.training.run import RECIPES, recipe
from refcnn.training.schedule import SCHEDULES
from refcnn.training.trainer import DivergedError

STOPPED, INTERRUPTED = 1, 130

NETWORK = "Network, digits and operators"
TRAINING = "Training; what is not given is chosen to suit the model"
RUN = "The run"


def one_of(names: Iterable[str]) -> str:
    """List the names for a person."""
    *others, last = names
    return f"{', '.join(others)} or {last}"


def train(
    context: typer.Context,
    model: Annotated[str, typer.Option(metavar="NAME", help=f"{one_of(RECIPES)}.", rich_help_panel=NETWORK)] = "simple",
    data: Annotated[
        str,
        typer.Option(metavar="NAME", help="digits, 5,000 bundled ones, or mnist, all 70,000.", rich_help_panel=NETWORK),
    ] = "digits",
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the files of --data mnist are, if not to download.", rich_help_panel=NETWORK
        ),
    ] = None,
    ops: Annotated[
        str,
        typer.Option(metavar="TARGET", help="Whose operators to train on, as for verify.", rich_help_panel=NETWORK),
    ] = REFERENCE,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Decides weights and all chance.", rich_help_panel=NETWORK)
    ] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Times through all digits.", rich_help_panel=TRAINING)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Digits a step.", rich_help_panel=TRAINING)
    ] = None,
    optimiser: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"{one_of(OPTIMISERS)}.", rich_help_panel=TRAINING)
    ] = None,
    lr: Annotated[
        float | None, typer.Option(metavar="RATE", help="The learning rate.", rich_help_panel=TRAINING)
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"How the learning rate changes: {one_of(SCHEDULES)}.", rich_help_panel=TRAINING
        ),
    ] = None,
    warmup: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Epochs in which the learning rate climbs first.", rich_help_panel=TRAINING
        ),
    ] = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(metavar="RATE", help="How fast weights shrink, times the rate.", rich_help_panel=TRAINING),
    ] = None,
    augment: Annotated[
        bool | None,
        typer.Option(
            "--augment/--no-augment", help="Warp the digits, differently each time.", rich_help_panel=TRAINING
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(metavar="PART", help="End early at this test accuracy, such as 0.95.", rich_help_panel=RUN),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Keep a checkpoint and pictures in a new run's folder.", rich_help_panel=RUN
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Go on with the run in this folder; --epochs may raise its end.", rich_help_panel=RUN
        ),
    ] = None,
    evaluate_on: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Accuracies on the first N digits.", show_default="all", rich_help_panel=RUN
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object an epoch.", rich_help_panel=RUN)] = False,
) -> None:
    """Train a network to read digits, on the reference's operators or on any others.

    The exit status is 0 if the run came to its end, 1 if it had to stop, 2 if it could not begin.
    """
    place = resume or out
    try:
        if resume is not None:
            _refuse_options_of_a_new_run(context)
            run = Run.resumed(resume, epochs=epochs, ops=whole_name(ops))
        else:
            _refuse_place_in_use(out)
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
            usual = recipe(model)
            if epochs is not None and warmup is None:
                usual = replace(usual, warmup=min(usual.warmup, epochs - 1))
            training = replace(usual, **given)
            digits = None if folder is None else str(folder.resolve())  # a run may be resumed from elsewhere
            run = Run(Order(training, data, digits, whole_name(ops), evaluate_on, target))
        if place is not None:
            place.mkdir(parents=True, exist_ok=True)
            run.save(place)
    except (TargetError, CheckpointError, DataError, ImportError, OSError, TypeError, ValueError) as error:
        refuse(str(error))
    except KeyboardInterrupt:
        refuse("interrupted before the first epoch", INTERRUPTED)
    _follow(run, place, as_json=as_json)


def _refuse_options_of_a_new_run(context: typer.Context) -> None:
    """Refuse what decides a run beside --resume, for the run says that itself."""
    allowed = {"resume", "epochs", "ops", "as_json"}
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
    if foreign := [f"--{name.replace('_', '-')}" for name in context.params if name in given - allowed]:
        raise ValueError(f"--resume goes on as the run began, so beside it there may be no {', '.join(foreign)}")


def _refuse_place_in_use(out: Path | None) -> None:
    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"--out must be a folder, got {out}, which is a file")
    if out is not None and (out / CHECKPOINT).exists():
        advice = f"go on with it by --resume {quote(str(out))}, or choose another folder"
        raise ValueError(f"--out must be the folder of a new run, got {out}, which holds one; {advice}")


def _follow(run: Run, folder: Path | None, *, as_json: bool) -> None:
    """Train to the end, keep what is learned after every epoch, and say how it ended."""
    save = (lambda: run.save(folder)) if folder is not None else (lambda: None)
    resuming = "nothing is kept without --out"
    if folder is not None:
        resuming = f"go on with: refcnn train --resume {quote(str(folder))}"
        resuming += "" if run.operators is None else f" --ops {quote(run.order.ops)}"
    before = len(run.trainer.history)
    try:
        run.follow(as_json=as_json, after_epoch=save)
        # What a machine reads is on the output stream alone.
        _close(run, folder, before, make_console(stderr=as_json))
    except KeyboardInterrupt:
        refuse(f"interrupted; {resuming}", INTERRUPTED)
    except DivergedError as error:
        refuse(f"{error}" + (f"; the last good epoch is kept in {folder}" if folder else ""), STOPPED)
    except (CallError, MemoryError, OSError) as error:
        refuse(f"{error}; {resuming}", STOPPED)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        if run.operators is None:
            raise
        reason = " ".join(str(error).split())
        refuse(f"{run.order.ops}: what its operators answer does not fit together: {reason}; {resuming}", STOPPED)


def _close(run: Run, folder: Path | None, before: int, console: Console) -> None:
    """Say what is not plain from the epochs, and draw the pictures."""
    notes = []
    epochs = len(run.trainer.history)
    if epochs < run.order.training.epochs:
        notes.append(f"epoch {epochs} reached the target, a test accuracy of {run.order.target}")
    elif epochs == before:
        notes.append(f"the run had its {epochs} epochs already; --epochs raises its end")
    if run.operators is not None and run.operators.borrowed:
        notes.append(f"from the reference: {', '.join(sorted(run.operators.borrowed))}")
    for note in notes:
        console.print(note, soft_wrap=True, markup=False)
    if folder is None:
        return
    try:
        pictures = run.draw(folder)
    except ImportError as error:
        text = f"in {folder}: {CHECKPOINT}; no pictures: {error}; run: pip install 'refcnn[plot]'"
    else:
        text = f"in {folder}: {CHECKPOINT}, {', '.join(path.name for path in pictures)}"
    console.print(text, soft_wrap=True, markup=False)


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
