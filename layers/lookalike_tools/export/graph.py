"""From torch to an ONNX graph that onnxruntime runs fast on any CPU."""

from pathlib import Path
from typing import cast

import onnx
import onnxruntime
import torch

from lookalike_tools.export.source import ExportError, PixelsToEncoding

OPSET = 18

LARGE_BYTES = 50_000_000
"""A larger graph opens faster with its weights in a file of their own, which is mapped into memory instead
of parsed: ViT-B/32 takes half the time as float32, two thirds as int8."""


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
    # At higher levels, a saved graph only suits machines like this one.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def move_weights_out(path: Path, weights: Path) -> None:
    """Move the weights of a large graph to a file of their own, beside it; leave smaller graphs alone."""
    if path.stat().st_size <= LARGE_BYTES:
        return
    onnx.save(onnx.load(path), path, save_as_external_data=True, location=weights.name)
    # ONNX makes the file readable by its owner alone.
    weights.chmod(path.stat().st_mode)
