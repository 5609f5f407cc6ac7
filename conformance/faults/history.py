"""Mistakes that really happened, with the public threads that tell of them: project and number of issue or request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Episode(NamedTuple):
    """A class of mistakes, and where it was reported."""

    title: str
    threads: tuple[str, ...]


HISTORY: Mapping[str, Episode] = MappingProxyType(
    {
        "grouped_weight_gradient": Episode(
            "the gradient of a grouped convolution's weight", ("pytorch#51430", "pytorch#50042", "burn#1891")
        ),
        "grouped_strided_input_gradient": Episode(
            "the input gradient of a convolution with groups and a stride", ("mlx#3800",)
        ),
        "backward_channel": Episode("the wrong channel in a backward pass", ("neon#111",)),
        "strided_weight": Episode(
            "a non-contiguous weight read as a dense one",
            ("pytorch#1246", "pytorch#16018", "pytorch#55781", "pytorch#192212"),
        ),
        "channels_last": Episode(
            "channels-last images with a single channel, or transposed", ("pytorch#82060", "pytorch#99519")
        ),
        "stride_above_kernel": Episode("a stride above the kernel", ("tensorflow#2066", "pytorch#63314")),
        "output_padding": Episode(
            "output padding and dilation in a transposed convolution",
            ("pytorch#14272", "pytorch#98129", "pytorch#5112", "onnxruntime#2518", "tvm#19524"),
        ),
        "padding_side": Episode(
            "the side that gets the odd pixel of padding", ("tensorflow#10747", "ComputeLibrary#208", "MIPVerify#23")
        ),
        "flipped_kernel": Episode("convolution or correlation", ("onnx#1208",)),
        "zero_attribute": Episode("a dilation or a kernel of 0 accepted", ("tinygrad#14115",)),
        "empty_batch": Episode("an empty batch gives junk", ("tensorflow#9949", "NNlib#763", "pytorch#12013")),
        "index_overflow": Episode(
            "an index that outgrows its integer type", ("pytorch#68418", "pytorch#52822", "pytorch#117736")
        ),
        "lower_precision": Episode("sums silently in a lower precision", ("pytorch#107514", "oneDNN#1268")),
        "max_pool_nan": Episode(
            "max pooling drops NaN", ("pytorch#7645", "pytorch#39846", "tensorflow#2501", "pytorch#1465")
        ),
        "ceil_mode_window": Episode(
            "a window of ceil_mode that lies in the padding",
            ("pytorch#45357", "pytorch#36977", "burn#5791", "webnn#935"),
        ),
        "average_divisor": Episode(
            "the divisor of an average at the border",
            ("onnxruntime#16203", "onnxruntime#27375", "coremltools#2844", "executorch#18616"),
        ),
        "max_pool_ties": Episode("the gradient where maxima tie", ("Theano#5404", "Theano#4568", "tensorflow#51682")),
        "max_pool_padding": Episode("max pooling padded with 0", ("pytorch#41294", "pytorch#33384")),
        "running_variance": Episode(
            "the biased or the unbiased running variance", ("mlx#3817", "pytorch#19902", "FastNN#11")
        ),
        "one_pass_variance": Episode(
            "the variance as a difference of two large numbers",
            ("flax#1491", "tt-metal#45968", "tensorflow#25115", "openvino#36587"),
        ),
        "evaluation_mode": Episode(
            "batch normalisation outside training, statistics that do not move",
            ("pytorch#586", "xla#913", "aprender#2166"),
        ),
        "response_window": Episode(
            "local response normalisation: alpha / n, radius or size, an even window",
            ("keras#4", "MNN#192", "burn#4765"),
        ),
        "softmax_shift": Episode(
            "softmax without its shift, the logarithm of 0",
            ("deeplearning4j#6039", "uTensor#176", "candle#2561"),
        ),
        "loss_mean": Episode(
            "what the mean of a loss is taken over",
            ("pytorch#116349", "pytorch#69339", "segmentation_models.pytorch#852", "fastai#1814"),
        ),
        "relu_nan": Episode("relu makes NaN a number", ("mxnet#11115", "tensorflow#32730", "onnxruntime#11010")),
        "adam_eps": Episode(
            "where Adam's eps stands, and its correction of the bias",
            ("tensorflow#35102", "pytorch#22628", "convnetjs#70"),
        ),
        "adam_step": Episode("which step Adam takes it to be", ("flashlight#143", "DiffSharp#292", "OLMo-core#317")),
        "dropout_scale": Episode(
            "dropout scaled by 1/p, active outside training, or stuck off",
            ("kaldi#2814", "thinc#355", "Megatron-LM#411"),
        ),
        "mutated_input": Episode("an operator writes into its input", ("born#45",)),
    }
)
