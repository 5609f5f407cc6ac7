"""Are the gradients of a layer those of its answer? Differences tell, to seven digits and by place."""

from refcnn.gradcheck.check import Checkable, Loss, check, check_loss
from refcnn.gradcheck.numerical import numerical_gradient
from refcnn.gradcheck.verdict import ArrayVerdict, Cell, Verdict

__all__ = ["ArrayVerdict", "Cell", "Checkable", "Loss", "Verdict", "check", "check_loss", "numerical_gradient"]
