"""Every function answers with another operator's result, of the right shape where one is near."""

from collections.abc import Callable
from typing import Any

import refcnn

_OTHERS: dict[str, Callable[..., Any]] = {
    "im2col": lambda x, *_, **__: refcnn.relu(x),
    "col2im": lambda cols, *_, **__: refcnn.relu(cols),
    "conv1d": lambda x, *_, **__: refcnn.tanh(x),
    "conv1d_backward": lambda grad, x, weight, **_: _squashed(x, weight, grad[:, :, 0].sum(0)),
    "conv2d": lambda x, *_, **__: refcnn.global_avg_pool2d(x),
    "conv2d_backward": lambda grad, x, weight, **_: _squashed(x, weight, grad[:, :, 0, 0].sum(0)),
    "conv_transpose2d": lambda x, *_, **__: refcnn.global_avg_pool2d(x),
    "conv_transpose2d_backward": lambda grad, x, weight, **_: _squashed(x, weight, grad[:, :, 0, 0].sum(0)),
    "max_pool2d": lambda *arrays, **how: refcnn.avg_pool2d(*arrays, **_without("dilation", how)),
    "max_pool2d_backward": lambda *arrays, **how: refcnn.avg_pool2d_backward(
        *arrays, **_without("dilation", how), count_include_pad=True
    ),
    "avg_pool2d": lambda *arrays, **how: refcnn.max_pool2d(*arrays, **_without("count_include_pad", how)),
    "avg_pool2d_backward": lambda *arrays, **how: refcnn.max_pool2d_backward(
        *arrays, **_without("count_include_pad", how), dilation=1
    ),
    "global_avg_pool2d": lambda x: refcnn.max_pool2d(x, x.shape[2:]),
    "global_avg_pool2d_backward": lambda *arrays: refcnn.tanh(arrays[1]),
    "linear": lambda x, *_: refcnn.softmax(x),
    "linear_backward": lambda grad, x, weight: _squashed(x, weight, grad.sum(0)),
    "relu": refcnn.tanh,
    "relu_backward": refcnn.tanh_backward,
    "sigmoid": refcnn.relu,
    "sigmoid_backward": refcnn.relu_backward,
    "tanh": refcnn.sigmoid,
    "tanh_backward": refcnn.sigmoid_backward,
    "softmax": lambda x, **_: refcnn.sigmoid(x),
    "softmax_backward": lambda grad, x, **_: refcnn.sigmoid_backward(grad, x),
    "cross_entropy": lambda logits, *_: refcnn.softmax(logits)[0, 0],
    "cross_entropy_backward": lambda logits, *_: refcnn.softmax(logits),
    "batch_norm": lambda x, *vectors, **_: _squashed(x, *vectors[2:]),
    "batch_norm_backward": lambda grad, *arrays, **_: _squashed(grad, *arrays[2:]),
    "local_response_norm": lambda x, **_: refcnn.sigmoid(x),
    "local_response_norm_backward": lambda grad, x, **_: refcnn.sigmoid_backward(grad, x),
    "dropout": lambda x, **_: refcnn.relu(x),
    "dropout_backward": lambda grad, x, **_: refcnn.relu_backward(grad, x),
    "sgd_update": lambda param, grad, lr: refcnn.momentum_update(param, grad, param, lr=lr, momentum=0.9)[0],
    "momentum_update": lambda param, grad, velocity, lr, **_: (
        refcnn.sgd_update(param, grad, lr=lr),
        refcnn.relu(velocity),
    ),
    "adam_update": lambda param, grad, m, v, lr, **_: (
        *refcnn.momentum_update(param, grad, m, lr=lr, momentum=0.9),
        refcnn.relu(v),
    ),
}


def _squashed(*arrays: Any) -> Any:
    return tuple(refcnn.tanh(array) for array in arrays)


def _without(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key != name}


def _null(name: str) -> Callable[..., Any]:
    right = getattr(refcnn, name)

    def answer(*arrays: Any, **attributes: Any) -> Any:
        right(*arrays, **attributes)  # which refuses bad input
        return _OTHERS[name](*arrays, **attributes)

    return answer


globals().update({name: _null(name) for name in _OTHERS})
