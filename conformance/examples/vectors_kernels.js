// Kernels in plain JavaScript, and what it takes to have them judged by test vectors:
//   refcnn vectors export DIR && node vectors_kernels.js DIR RESULTS && refcnn vectors check DIR RESULTS
"use strict";
const fs = require("fs");
const path = require("path");

const TYPES = { float32: Float32Array, float64: Float64Array };
const size = (shape) => shape.reduce((product, length) => product * length, 1);
const zeros = (shape, dtype) => ({ shape, dtype, data: new TYPES[dtype](size(shape)) });
const same = (a, b) => a.length === b.length && a.every((length, axis) => length === b[axis]);

function require_(condition, message) {
  if (!condition) throw new RangeError(message);
}

const kernels = {
  relu({ x }) {
    return { y: { ...x, data: x.data.map((value) => (value <= 0 ? 0 : value)) } };
  },

  relu_backward({ grad_output, x }) {
    require_(same(grad_output.shape, x.shape), `grad_output must have shape ${x.shape}, got ${grad_output.shape}`);
    return { grad_x: { ...x, data: grad_output.data.map((value, i) => (x.data[i] > 0 ? value : 0)) } };
  },

  conv2d({ x, weight, bias, stride, padding, dilation, groups }) {
    require_(x.shape.length === 4 && weight.shape.length === 4, `x and weight must have 4 axes, got ${x.shape.length} and ${weight.shape.length}`);
    const [N, C, H, W] = x.shape;
    const [F, CG, KH, KW] = weight.shape;
    require_(groups >= 1 && F % groups === 0 && C === CG * groups, `groups must divide the channels, got ${groups} for ${x.shape} and ${weight.shape}`);
    require_(!bias || same(bias.shape, [F]), `bias must have shape ${F}, got ${bias && bias.shape}`);
    const [OH, OW] = outputs([H, W], [KH, KW], stride, padding, dilation, false);
    const y = zeros([N, F, OH, OW], x.dtype);
    for (let n = 0, at = 0; n < N; n++)
      for (let f = 0; f < F; f++)
        for (let o = 0; o < OH; o++)
          for (let p = 0; p < OW; p++, at++) {
            let sum = bias ? bias.data[f] : 0;
            for (let c = 0; c < CG; c++)
              for (let k = 0; k < KH; k++)
                for (let l = 0; l < KW; l++) {
                  const i = o * stride[0] + k * dilation[0] - padding[0][0];
                  const j = p * stride[1] + l * dilation[1] - padding[1][0];
                  if (i < 0 || i >= H || j < 0 || j >= W) continue;
                  const channel = Math.floor(f / (F / groups)) * CG + c;
                  sum += x.data[((n * C + channel) * H + i) * W + j] * weight.data[((f * CG + c) * KH + k) * KW + l];
                }
            y.data[at] = sum;
          }
    return { y };
  },

  max_pool2d({ x, kernel_size, stride, padding, dilation, ceil_mode }) {
    require_(x.shape.length === 4, `x must have 4 axes, got ${x.shape.length}`);
    kernel_size.forEach((cells, axis) =>
      require_(Math.max(...padding[axis]) <= cells / 2, `padding must be at most half of kernel_size, got ${padding[axis]} for ${cells}`));
    const [N, C, H, W] = x.shape;
    const [OH, OW] = outputs([H, W], kernel_size, stride, padding, dilation, ceil_mode);
    const y = zeros([N, C, OH, OW], x.dtype);
    for (let image = 0, at = 0; image < N * C; image++)
      for (let o = 0; o < OH; o++)
        for (let p = 0; p < OW; p++, at++) {
          let most = -Infinity;
          for (let k = 0; k < kernel_size[0]; k++)
            for (let l = 0; l < kernel_size[1]; l++) {
              const i = o * stride[0] + k * dilation[0] - padding[0][0];
              const j = p * stride[1] + l * dilation[1] - padding[1][0];
              // Math.max lets NaN win, as the contract wants it.
              if (i >= 0 && i < H && j >= 0 && j < W) most = Math.max(most, x.data[(image * H + i) * W + j]);
            }
          y.data[at] = most;
        }
    return { y };
  },
};

function outputs(sizes, kernel, stride, padding, dilation, ceil) {
  return sizes.map((length, axis) => {
    const [before, after] = padding[axis];
    require_(Math.min(kernel[axis], stride[axis], dilation[axis]) >= 1, `kernel_size, stride and dilation must be at least 1, got ${kernel}, ${stride} and ${dilation}`);
    require_(Math.min(before, after) >= 0, `padding must be at least 0, got ${padding[axis]}`);
    const span = length + before + after - dilation[axis] * (kernel[axis] - 1) - 1;
    require_(span >= 0, `kernel_size must fit the padded image, got ${kernel[axis]} for ${length}`);
    const count = (ceil ? Math.ceil(span / stride[axis]) : Math.floor(span / stride[axis])) + 1;
    return ceil && (count - 1) * stride[axis] >= length + before ? count - 1 : count;
  });
}

function readArray(archive, { dtype, shape, offset }) {
  require_(dtype in TYPES, `arrays must be float32 or float64, got ${dtype}`);
  const bytes = archive.subarray(offset, offset + size(shape) * TYPES[dtype].BYTES_PER_ELEMENT);
  return { shape, dtype, data: new TYPES[dtype](new Uint8Array(bytes).buffer) };
}

function npy({ shape, dtype, data }) {
  const text = `{'descr': '<f${data.BYTES_PER_ELEMENT}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join(" ")}), }`;
  const header = Buffer.from(`${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`, "latin1");
  const length = Buffer.from([header.length & 255, header.length >> 8]);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, header, Buffer.from(data.buffer)]);
}

const [folder, results] = process.argv.slice(2);
fs.mkdirSync(results, { recursive: true });
for (const { id, function: name, attributes, inputs } of JSON.parse(fs.readFileSync(path.join(folder, "index.json"))).vectors) {
  if (!(name in kernels)) continue;
  const archive = fs.readFileSync(path.join(folder, "inputs", `${name}.npz`));
  try {
    const arrays = Object.fromEntries(Object.entries(inputs).map(([key, stored]) => [key, readArray(archive, stored)]));
    for (const [key, array] of Object.entries(kernels[name]({ ...arrays, ...attributes })))
      fs.writeFileSync(path.join(results, `${id}.${key}.npy`), npy(array));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fs.writeFileSync(path.join(results, `${id}.refused`), error.message);
  }
}
