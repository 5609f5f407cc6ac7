// Convolution, max pooling and relu with their gradients in plain JavaScript, which needs no package; judged by:
// refcnn verify --exec "node kernels.js"  (see PROCESS.md)
"use strict";

const TYPES = { float32: Float32Array, float64: Float64Array };

class Refusal extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

function check(holds, message, kind = "value") {
  if (!holds) throw new Refusal(kind, message);
}

// Arrays come and go as {dtype, shape, data}, the data as base64 of little-endian numbers.
function read(name, { dtype, shape, data }) {
  check(dtype in TYPES, `${name} must be float32 or float64, got ${dtype}`, "type");
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return { dtype, shape, cells: new TYPES[dtype](bytes.buffer) };
}

function written({ dtype, shape, cells }) {
  return { dtype, shape, data: Buffer.from(cells.buffer).toString("base64") };
}

function zeros(dtype, shape) {
  return { dtype, shape, cells: new TYPES[dtype](shape.reduce((product, size) => product * size, 1)) };
}

function sameShape(one, other) {
  return one.length === other.length && one.every((size, axis) => size === other[axis]);
}

// How many windows fit along each axis.
function windows(x, kernel, { stride, padding, dilation, ceil_mode: ceil = false }) {
  return [0, 1].map((axis) => {
    const [size, step, [before, after]] = [x.shape[2 + axis], stride[axis], padding[axis]];
    check(kernel[axis] >= 1, `kernel_size must be at least 1, got ${kernel}`);
    check(step >= 1, `stride must be at least 1, got ${stride}`);
    check(dilation[axis] >= 1, `dilation must be at least 1, got ${dilation}`);
    check(before >= 0 && after >= 0, `padding must be at least 0, got ${padding}`);
    const room = size + before + after - dilation[axis] * (kernel[axis] - 1) - 1;
    check(room >= 0, `kernel ${kernel} must fit into the padded image of x ${x.shape}`);
    const count = (ceil ? Math.ceil : Math.floor)(room / step) + 1;
    return ceil && (count - 1) * step >= size + before ? count - 1 : count;
  });
}

// Visit the pixels under each window of a plane, row by row: (window, place in the plane, tap).
function visit([, , height, width], [rows, columns], kernel, { stride, padding, dilation }, seen) {
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < kernel[0]; k++)
        for (let l = 0; l < kernel[1]; l++) {
          const row = i * stride[0] - padding[0][0] + k * dilation[0];
          const column = j * stride[1] - padding[1][0] + l * dilation[1];
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          if (inside) seen(i * columns + j, row * width + column, k * kernel[1] + l);
        }
}

function conv2d({ x, weight, bias, grad_output: grad }, attributes) {
  check(x.shape.length === 4 && weight.shape.length === 4, `x and weight must have 4 axes, got ${x.shape}`);
  const [[N, C], [F, depth, ...kernel], groups] = [x.shape, weight.shape, attributes.groups];
  check(groups >= 1 && F % groups === 0, `groups must divide the ${F} filters, got ${groups}`);
  check(C === depth * groups, `x must have ${depth * groups} channels, got ${C}`);
  check(!bias || sameShape(bias.shape, [F]), `bias must have shape ${F}, got ${bias?.shape}`);
  const out = windows(x, kernel, attributes);
  const shape = [N, F, ...out];
  check(!grad || sameShape(grad.shape, shape), `grad_output must have shape ${shape}, got ${grad?.shape}`);
  const [image, count, taps] = [x.shape[2] * x.shape[3], out[0] * out[1], kernel[0] * kernel[1]];
  const y = zeros(x.dtype, shape);
  const grads = [x, weight, { shape: [F] }].map((each) => zeros(x.dtype, each.shape));
  for (let n = 0; n < N; n++)
    for (let f = 0; f < F; f++) {
      const from = (n * F + f) * count;
      if (bias) y.cells.fill(bias.cells[f], from, from + count);
      if (grad) for (let o = from; o < from + count; o++) grads[2].cells[f] += grad.cells[o];
      for (let c = 0; c < depth; c++) {
        const plane = (n * C + Math.floor(f / (F / groups)) * depth + c) * image;
        const first = (f * depth + c) * taps;
        visit(x.shape, out, kernel, attributes, (window, place, tap) => {
          const [o, at, w] = [from + window, plane + place, first + tap];
          if (!grad) y.cells[o] += x.cells[at] * weight.cells[w];
          if (grad) grads[0].cells[at] += grad.cells[o] * weight.cells[w];
          if (grad) grads[1].cells[w] += grad.cells[o] * x.cells[at];
        });
      }
    }
  return grad ? grads : [y];
}

function max_pool2d({ x, grad_output: grad }, attributes) {
  check(x.shape.length === 4, `x must have 4 axes, got ${x.shape}`);
  const kernel = attributes.kernel_size;
  const fits = attributes.padding.every((sides, axis) => sides.every((side) => 2 * side <= kernel[axis]));
  check(fits, `padding must be at most half of kernel_size ${kernel}, got ${attributes.padding}`);
  const out = windows(x, kernel, attributes);
  const shape = [x.shape[0], x.shape[1], ...out];
  check(!grad || sameShape(grad.shape, shape), `grad_output must have shape ${shape}, got ${grad?.shape}`);
  const [image, count] = [x.shape[2] * x.shape[3], out[0] * out[1]];
  const [y, gradX] = [zeros(x.dtype, shape), zeros(x.dtype, x.shape)];
  const most = new Int32Array(y.cells.length).fill(-1); // the first NaN of a window, or else its first maximum
  for (let plane = 0; plane < x.shape[0] * x.shape[1]; plane++)
    visit(x.shape, out, kernel, attributes, (window, place) => {
      const [o, at] = [plane * count + window, plane * image + place];
      const best = x.cells[most[o]];
      if (most[o] < 0 || !(Number.isNaN(best) || x.cells[at] <= best)) most[o] = at;
    });
  most.forEach((at, o) => (y.cells[o] = at < 0 ? -Infinity : x.cells[at]));
  if (grad) most.forEach((at, o) => at >= 0 && (gradX.cells[at] += grad.cells[o]));
  return [grad ? gradX : y];
}

function relu({ x, grad_output: grad }) {
  check(!grad || sameShape(grad.shape, x.shape), `grad_output must have shape ${x.shape}, got ${grad?.shape}`);
  const cells = x.cells.map((cell, i) => (cell <= 0 ? 0 : grad ? grad.cells[i] : cell)); // NaN stays NaN
  return [{ ...x, cells }];
}

const FORWARD = { conv2d, max_pool2d, relu };
const operators = Object.keys(FORWARD).flatMap((name) => [name, `${name}_backward`]);

function answer({ command, function: name, arrays, attributes }) {
  if (command === "hello") return { name: "kernels.js", version: "1.0", operators, conventions: {} };
  try {
    const given = Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, read(key, array)]));
    return { results: FORWARD[name.replace("_backward", "")](given, attributes).map(written) };
  } catch (error) {
    if (error instanceof Refusal) return { error: { kind: error.kind, message: `${name}: ${error.message}` } };
    throw error;
  }
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const request = JSON.parse(line);
    if (request.command === "stop") process.exit(0);
    process.stdout.write(`${JSON.stringify({ id: request.id, ...answer(request) })}\n`);
  });
