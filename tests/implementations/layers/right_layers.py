"""A network's layers in the style of textbooks, without a mistake: what can be judged of it conforms."""

from __future__ import annotations

from typing import Any

import numpy as np


def im2col(input_data: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
    N, C, H, W = input_data.shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    img = np.pad(input_data, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    col = np.zeros((N, out_h, out_w, C, filter_h, filter_w))
    for y in range(out_h):
        for x in range(out_w):
            top, left = y * stride, x * stride
            col[:, y, x] = img[:, :, top : top + filter_h, left : left + filter_w]
    return col.reshape(N * out_h * out_w, C * filter_h * filter_w)


def col2im(col: Any, input_shape: Any, filter_h: int, filter_w: int, stride: int = 1, pad: int = 0) -> Any:
    N, C, H, W = input_shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    windows = col.reshape(N, out_h, out_w, C, filter_h, filter_w)
    img = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for y in range(out_h):
        for x in range(out_w):
            top, left = y * stride, x * stride
            img[:, :, top : top + filter_h, left : left + filter_w] += windows[:, y, x]
    return img[:, :, pad : pad + H, pad : pad + W].copy()


class Convolution:
    def __init__(self, W: Any, b: Any, stride: int = 1, pad: int = 0) -> None:
        self.W, self.b, self.stride, self.pad = W, b, stride, pad

    def forward(self, x: Any) -> Any:
        FN, _, FH, FW = self.W.shape
        N, _, H, W = x.shape
        out_h = (H + 2 * self.pad - FH) // self.stride + 1
        out_w = (W + 2 * self.pad - FW) // self.stride + 1
        self.input_shape = x.shape
        self.col = im2col(x, FH, FW, self.stride, self.pad)
        out = self.col @ self.W.reshape(FN, -1).T + self.b
        return out.reshape(N, out_h, out_w, FN).transpose(0, 3, 1, 2)

    def backward(self, dout: Any) -> Any:
        FN, _, FH, FW = self.W.shape
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = dout.sum(axis=0)
        self.dW = (dout.T @ self.col).reshape(self.W.shape)
        return col2im(dout @ self.W.reshape(FN, -1), self.input_shape, FH, FW, self.stride, self.pad)


class Pooling:
    def __init__(self, pool_h: int, pool_w: int, stride: int = 2, pad: int = 0) -> None:
        self.pool_h, self.pool_w, self.stride, self.pad = pool_h, pool_w, stride, pad

    def forward(self, x: Any) -> Any:
        pad, stride = self.pad, self.stride
        N, C, H, W = x.shape
        out_h = (H + 2 * pad - self.pool_h) // stride + 1
        out_w = (W + 2 * pad - self.pool_w) // stride + 1
        img = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], constant_values=-np.inf)
        windows = im2col(img, self.pool_h, self.pool_w, stride).reshape(N * out_h * out_w * C, -1)
        self.input_shape, self.arg_max = x.shape, windows.argmax(axis=1)
        return windows.max(axis=1).reshape(N, out_h, out_w, C).transpose(0, 3, 1, 2)

    def backward(self, dout: Any) -> Any:
        C = self.input_shape[1]
        cells = np.zeros((dout.size, self.pool_h * self.pool_w))
        cells[np.arange(dout.size), self.arg_max] = dout.transpose(0, 2, 3, 1).ravel()
        col = cells.reshape(-1, C * self.pool_h * self.pool_w)
        return col2im(col, self.input_shape, self.pool_h, self.pool_w, self.stride, self.pad)


class Affine:
    def __init__(self, W: Any, b: Any) -> None:
        self.W, self.b = W, b

    def forward(self, x: Any) -> Any:
        self.input_shape = x.shape
        self.x = x.reshape(len(x), np.prod(x.shape[1:]))
        return self.x @ self.W + self.b

    def backward(self, dout: Any) -> Any:
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return (dout @ self.W.T).reshape(self.input_shape)


class Relu:
    def forward(self, x: Any) -> Any:
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout: Any) -> Any:
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class Sigmoid:
    def forward(self, x: Any) -> Any:
        self.out = np.exp(-np.logaddexp(0, -x))
        return self.out.copy()

    def backward(self, dout: Any) -> Any:
        return dout * self.out * (1 - self.out)


class SoftmaxWithLoss:
    def forward(self, x: Any, t: Any) -> Any:
        shifted = x - x.max(axis=1, keepdims=True)
        log_y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.y = np.exp(log_y)
        self.t = t if t.ndim == 2 else np.eye(x.shape[1])[t]
        return -(self.t * log_y).sum() / len(x)

    def backward(self, dout: float = 1) -> Any:
        return dout * (self.y - self.t) / len(self.y)


class BatchNormalization:
    """Statistics for each channel of images, and for each feature of anything else."""

    def __init__(
        self, gamma: Any, beta: Any, momentum: float = 0.9, running_mean: Any = None, running_var: Any = None
    ) -> None:
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean, self.running_var = running_mean, running_var

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        self.input_shape = x.shape
        if x.ndim == 4:
            x = x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
        if self.running_mean is None:
            self.running_mean, self.running_var = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        mean, var = self.running_mean, self.running_var
        if train_flg:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.std = np.sqrt(var + 10e-7)
        self.xn = (x - mean) / self.std
        return self._as_input(self.gamma * self.xn + self.beta)

    def backward(self, dout: Any) -> Any:
        if dout.ndim == 4:
            dout = dout.transpose(0, 2, 3, 1).reshape(-1, dout.shape[1])
        self.dbeta = dout.sum(axis=0)
        self.dgamma = (self.xn * dout).sum(axis=0)
        centred = dout - self.dbeta / len(dout) - self.xn * self.dgamma / len(dout)
        return self._as_input(self.gamma / self.std * centred)

    def _as_input(self, rows: Any) -> Any:
        if len(self.input_shape) == 2:
            return rows
        N, C, H, W = self.input_shape
        return rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)


class Dropout:
    def __init__(self, dropout_ratio: float = 0.5) -> None:
        self.dropout_ratio = dropout_ratio

    def forward(self, x: Any, train_flg: bool = True) -> Any:
        if not train_flg:
            return x.copy()
        self.mask = np.random.rand(*x.shape) >= self.dropout_ratio  # noqa: NPY002 - what textbooks draw from
        return x * self.mask / (1 - self.dropout_ratio)

    def backward(self, dout: Any) -> Any:
        return dout * self.mask / (1 - self.dropout_ratio)


class SGD:
    def __init__(self, lr: float = 0.01) -> None:
        self.lr = lr

    def update(self, params: Any, grads: Any) -> None:
        for key in params:
            params[key] -= self.lr * grads[key]


class Momentum:
    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        self.lr, self.momentum = lr, momentum
        self.v: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.v[key] = self.momentum * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


class Adam:
    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter = 0
        self.m: Any = None
        self.v: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.iter += 1
        for key in params:
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            m = self.m[key] / (1 - self.beta1**self.iter)
            v = self.v[key] / (1 - self.beta2**self.iter)
            params[key] -= self.lr * m / (np.sqrt(v) + 1e-7)
