"""Pictures of a training run, drawn with matplotlib: pip install 'refcnn[plot]'."""

from refcnn.pictures.confusion import confusion_matrix, draw_confusion_matrix
from refcnn.pictures.filters import draw_filters
from refcnn.pictures.learning_curves import draw_learning_curves
from refcnn.pictures.misclassified import draw_misclassified
from refcnn.pictures.run import save_all

__all__ = [
    "confusion_matrix",
    "draw_confusion_matrix",
    "draw_filters",
    "draw_learning_curves",
    "draw_misclassified",
    "save_all",
]
