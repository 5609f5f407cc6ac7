"""Training: optimisers and schedules, the loop over batches and epochs, and what a run leaves behind."""

from refcnn.training.augmentation import affine, random_affine, random_elastic
from refcnn.training.optimiser import OPTIMISERS, Optimiser
from refcnn.training.run import RECIPES, Configuration, prepare, recipe
from refcnn.training.schedule import SCHEDULES, schedule
from refcnn.training.trainer import Batch, DivergedError, Epoch, State, Trainer

__all__ = [
    "OPTIMISERS",
    "RECIPES",
    "SCHEDULES",
    "Batch",
    "Configuration",
    "DivergedError",
    "Epoch",
    "Optimiser",
    "State",
    "Trainer",
    "affine",
    "prepare",
    "random_affine",
    "random_elastic",
    "recipe",
    "schedule",
]
