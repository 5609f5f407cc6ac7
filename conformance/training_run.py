"""A training run from the command's point of view: started or resumed, followed, and left behind in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import refcnn
from conformance.console import make_console
from conformance.implementation import load as load_target
from conformance.operators import Operators
from refcnn._checks import FloatArray, require
from refcnn.mnist import MNIST
from refcnn.mnist import load as load_digits
from refcnn.training import checkpoint
from refcnn.training.run import Configuration, prepare, untrained
from refcnn.training.trainer import Batch, Epoch, Trainer

CHECKPOINT = "checkpoint.npz"
REFERENCE = "refcnn"


@dataclass(frozen=True)
class Order:
    """What was asked for: the training, and whatever else decides what comes of it.

    ``folder`` is where the files of the digits are, ``ops`` the target that provides the operators, and the run ends
    early at the test accuracy ``target``. A value of a wrong type is refused by TypeError, a ``target`` out of range
    by ValueError.
    """

    training: Configuration
    data: str = "digits"
    folder: str | None = None
    ops: str = REFERENCE
    evaluate_on: int | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        for name, kind in {"data": str, "folder": str | None, "ops": str, "target": float | int | None}.items():
            value = getattr(self, name)
            rule = "a number" if name == "target" else "a text"
            require(isinstance(value, kind), "Order", name, rule, repr(value), TypeError)
        require(self.target is None or 0 <= self.target <= 1, "Order", "target", "from 0 to 1", self.target)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Order:
        """Read what `dataclasses.asdict` wrote; raise TypeError or ValueError if that is not what it is."""
        wanted = {field.name for field in fields(cls)}
        require(values.keys() == wanted, "Order", "names", str(sorted(wanted)), sorted(values))
        return cls(**{**values, "training": Configuration.from_json(values["training"])})


class Run:
    """A trainer with what it was ordered to do, and the operators that it borrowed from the reference."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.operators = None if order.ops == REFERENCE else Operators(load_target(order.ops))
        self.digits: MNIST = load_digits(order.data, folder=order.folder)  # type: ignore[arg-type]  # checked there
        ops = self.operators or refcnn
        self.trainer: Trainer = prepare(order.training, self.digits, ops=ops, evaluate_on=order.evaluate_on)

    @classmethod
    def resumed(cls, folder: Path, *, epochs: int | None = None, ops: str = REFERENCE) -> Run:
        """Go on from the checkpoint in a folder, if asked for to another number of epochs.

        The operators must be named again: it is not for a file to say what is imported.

        Raises
        ------
        CheckpointError
            No checkpoint, or one that is not of a run; other operators than those, fewer epochs than it has seen.
        DataError, ImportError, TargetError
            The digits, or what reads them, or the operators are not there.
        """
        path = folder / CHECKPOINT
        state, values = checkpoint.load(path)
        try:
            order = Order.from_json(values)
            require(ops == order.ops, "resume", "--ops", f"{order.ops}, which the run was trained on", ops)
            if epochs is not None:
                done = len(state.history)
                falling = order.training.schedule == "cosine"  # to 0 at the end that it was begun with
                require(not falling, "resume", "--epochs", "left out, for the schedule is cosine", epochs)
                require(epochs >= done, "resume", "--epochs", f"at least {done}, which the run has seen", epochs)
                order = replace(order, training=replace(order.training, epochs=epochs))
            run = cls(order)
            run.trainer.restore(state)
        except (TypeError, ValueError) as error:
            raise checkpoint.CheckpointError(f"checkpoint: {path} cannot be gone on with: {error}") from error
        return run

    def save(self, folder: Path) -> None:
        """Write the checkpoint."""
        checkpoint.save(folder / CHECKPOINT, self.trainer.state(), asdict(self.order))

    def follow(self, *, as_json: bool, after_epoch: Callable[[], None]) -> None:
        """Train, with a bar on the error stream if that is a terminal, and a line for each epoch."""
        total, count = self.order.training.epochs, len(self.digits.x_train)
        console, errors = make_console(), make_console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        hidden = as_json or not errors.is_terminal
        with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
            task = bar.add_task("", total=count)

            def on_batch(batch: Batch) -> None:
                what = f"loss {batch.loss:.4f}" if batch.seen < count else "accuracies…"
                bar.update(task, completed=batch.seen, description=f"epoch {batch.epoch}/{total}  {what}")

            for epoch in self.trainer.epochs(total, target=self.order.target, on_batch=on_batch):
                after_epoch()
                text = json.dumps(epoch._asdict()) if as_json else describe(epoch, total)
                console.print(text, soft_wrap=True, markup=False)

    def draw(self, folder: Path) -> list[Path]:
        """Draw the curves, the filters of the first layer, the confusions and the mistakes."""
        # Imported here, since pictures need an extra that training does without.
        from refcnn.pictures import save_all

        network = self.trainer.network
        first = next(name for name, array in network.parameters.items() if array.ndim == 4)
        before = untrained(self.order.training, self.digits.x_train).parameters[first]
        return save_all(
            folder,
            history=[epoch._asdict() for epoch in self.trainer.history],
            filters_before=before,
            filters_after=network.parameters[first],
            images=self.digits.x_test,
            labels=self.digits.y_test,
            probabilities=self.trainer.probabilities(self.digits.x_test),
        )


def whole_name(target: str) -> str:
    """Return a target by which it is found from any folder: a file by its whole path."""
    place, colon, name = target.partition(".py:")
    if not colon and not target.endswith(".py"):
        return target
    path = Path(f"{place}.py" if colon else target).resolve()
    return f"{path}:{name}" if colon else str(path)


def describe(epoch: Epoch, total: int) -> str:
    """Write an epoch as a line."""
    return (
        f"epoch {epoch.epoch}/{total}  loss {epoch.loss:.4f}  "
        f"train accuracy {epoch.train_accuracy:.4f}  test accuracy {epoch.test_accuracy:.4f}"
    )


def classify(folder: Path, images: list[FloatArray]) -> list[FloatArray]:
    """Return the probabilities of the classes of each image (1, C, H, W), by the network in a folder."""
    path = folder / CHECKPOINT
    state, values = checkpoint.load(path)
    try:
        network = untrained(Order.from_json(values).training, images[0])
        network.load(state.parameters, state.statistics)
    except (TypeError, ValueError) as error:
        raise checkpoint.CheckpointError(f"checkpoint: {path} is of no such network: {error}") from error
    return [refcnn.softmax(network.forward(image))[0] for image in images]
