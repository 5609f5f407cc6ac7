"""Results are tensors of PyTorch."""

import numpy as np
import torch
from _wrapping import Array, with_results


def tensor(result: Array) -> torch.Tensor:
    return torch.from_numpy(np.array(result, order="C"))


globals().update(with_results(tensor))
