"""From torch to an ONNX graph that onnxruntime runs fast on any CPU."""

from pathlib import Path
from typing import cast

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper

from lookalike_tools.export.source import ExportError, PixelsToEncoding

OPSET = 18
BLOCK_SIZE = 128
LEAST_CONVOLUTION = 8192
"""Weights of the smallest convolution that int8 shrinks."""

INT8_ACCUMULATION = 4
"""`accuracy_level` of onnxruntime's MatMulNBits: multiply int8 by int8, scaling each block of activations."""


def write_graph(encoder: PixelsToEncoding, path: Path) -> None:
    """Write the float32 graph: `pixels`, uint8 (n, size, size, 3), to `encoding`, float32 (n, dimension).

    Raises:
        ExportError: the weights exceed the 2 GB that one ONNX file can hold.
    """
    weight_bytes = sum(tensor.nbytes for tensor in encoder.state_dict().values())
    if weight_bytes >= onnx.checker.MAXIMUM_PROTOBUF:
        raise ExportError(
            f"the image tower has {weight_bytes / 1e9:.1f} GB of weights; an ONNX file holds 2 GB"
        )
    size = encoder.image_size
    program = cast(
        torch.onnx.ONNXProgram,
        torch.onnx.export(
            encoder,
            (torch.zeros((2, size, size, 3), dtype=torch.uint8),),
            input_names=["pixels"],
            output_names=["encoding"],
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        ),
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Beyond this level, a saved graph would only suit machines like this one.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def quantize_graph(path: Path) -> None:
    """Rewrite a float32 graph with int8 weights, a quarter the size.

    Matrices are quantised in blocks of a column, and so are the activations they meet, image by image: an
    image's encoding does not depend on its batch, and a few large activations, as trained transformers have
    them, do not drown the others, which they do where onnxruntime's `quantize_dynamic` scales whole tensors.
    """
    from onnxruntime.quantization.matmul_nbits_quantizer import (  # noqa: PLC0415 - it sets logging up
        MatMulNBitsQuantizer,
    )

    quantizer = MatMulNBitsQuantizer(
        onnx.load(path),
        bits=8,
        block_size=BLOCK_SIZE,
        is_symmetric=True,
        accuracy_level=INT8_ACCUMULATION,
    )
    quantizer.process()
    model = quantizer.model.model
    _quantize_convolutions(model.graph)
    onnx.save(model, path)


def _quantize_convolutions(graph: onnx.GraphProto) -> None:
    """Store convolution weights as int8 with a scale for each output channel; they are multiplied as float32.

    Depthwise and small convolutions stay as they are: few of the weights, but most of the error.
    """
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type in ("Conv", "FusedConv"):
            tensor = weights[node.input[1]]
            values = numpy_helper.to_array(tensor)
            if values.shape[1] > 1 and values.size >= LEAST_CONVOLUTION:
                scales = np.abs(values).max(axis=(1, 2, 3), keepdims=True) / 127
                scales[scales == 0] = 1
                int8 = np.rint(values / scales).astype(np.int8)
                names = [f"{tensor.name}_int8", f"{tensor.name}_scales"]
                graph.initializer.remove(tensor)
                graph.initializer.extend(map(numpy_helper.from_array, (int8, scales.ravel()), names))
                nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=0))
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
