"""The backward pass of an activation writes into the gradient that it was given."""

from typing import Any

import right_layers


class Relu(right_layers.Relu):
    def backward(self, dout: Any) -> Any:
        dout[self.mask] = 0
        return dout
