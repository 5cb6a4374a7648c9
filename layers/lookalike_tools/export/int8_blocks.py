"""A float32 graph to int8 in blocks: more exact than integer products, at half their speed.

For models whose activations are too uneven for one scale a token: here each block of a token's activations
has its own scale, so that a few large ones do not drown the others.
"""

from pathlib import Path

import onnx

from lookalike_tools.export.int8 import quantize_convolutions

BLOCK_SIZE = 128
INT8_ACCUMULATION = 4
"""`accuracy_level` of onnxruntime's MatMulNBits: multiply int8 by int8, scaling each block of activations."""


def quantize_graph_in_blocks(path: Path) -> None:
    """Rewrite a float32 graph in place."""
    from onnxruntime.quantization.matmul_nbits_quantizer import (
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
    quantize_convolutions(model.graph)
    onnx.save(model, path)
