"""A float32 graph to int8: a quarter the size, and more than twice as fast.

Each matrix product with weights becomes an integer product. Activations are scaled token by token as the
graph runs, so that an encoding does not depend on its batch. Trained transformers have a few channels with
large activations, which would drown the others. So each channel is divided by a factor that its weights are
multiplied with (SmoothQuant, arXiv 2211.10438): the products stay the same, and rounding costs less.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

LEVELS = 115
"""Levels of a token's activations on each side of 0. More of them leave fewer for the weights: see
`_quantize_columns`."""

LEAST = 1e-5
"""Keeps divisions from channels and tokens that are all 0."""

LEAST_CONVOLUTION = 8192
"""Convolutions with fewer weights stay float32."""


def quantize_graph(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Rewrite a float32 graph in place.

    Args:
        path: the graph.
        pixels: images, (n, image_size, image_size, 3), that show how large each channel's activations get.
    """
    model = onnx.load(path)
    _quantize_products(model, pixels)
    quantize_convolutions(model.graph)
    onnx.save(model, path)


def _quantize_products(model: onnx.ModelProto, pixels: NDArray[np.uint8]) -> None:
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    # The product with pixels stays as it is: 3 % of the work, and everything depends on it.
    pixels_read = _pixel_tensors(graph)
    products: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors and node.input[0] not in pixels_read:
            products.setdefault(node.input[0], []).append(node)
    if not products:
        return
    largest = _largest_activations(model, list(products), pixels)
    one = _add(graph, "int8_one", np.float32(1))
    zero_point = _add(graph, "int8_zero_point", np.uint8(LEVELS))
    least = _add(graph, "int8_least", np.float32(LEAST))
    levels = _add(graph, "int8_levels", np.float32(LEVELS))
    last_axis = _add(graph, "int8_last_axis", np.array([-1]))
    quantized: set[str] = set()
    nodes = []
    for node in graph.node:
        source = node.input[0] if node.input else ""
        if node not in products.get(source, []):
            nodes.append(node)
            continue
        weights = numpy_helper.to_array(tensors[node.input[1]])
        name, output = f"{source}_int8", node.output[0]
        others = [numpy_helper.to_array(tensors[other.input[1]]) for other in products[source]]
        factors = _smoothing_factors(largest[source], others)
        weights = weights * factors[:, np.newaxis]
        if source not in quantized:
            quantized.add(source)
            _add(graph, f"{name}_factors", 1 / factors)
            steps = [
                ("Mul", [source, f"{name}_factors"], "smooth"),
                ("Abs", [f"{name}_smooth"], "sizes"),
                ("ReduceMax", [f"{name}_sizes", last_axis], "size"),
                ("Max", [f"{name}_size", least], "range"),
                ("Div", [f"{name}_range", levels], "scale"),
                ("Div", [f"{name}_smooth", f"{name}_scale"], "scaled"),
                ("QuantizeLinear", [f"{name}_scaled", one, zero_point], "quantized"),
            ]
            nodes += [helper.make_node(op, inputs, [f"{name}_{step}"]) for op, inputs, step in steps]
        int8, scales = _quantize_columns(weights)
        _add(graph, f"{output}_weights", int8)
        _add(graph, f"{output}_scales", scales)
        nodes += [
            helper.make_node(
                "MatMulIntegerToFloat",
                [f"{name}_quantized", f"{output}_weights", one, f"{output}_scales", zero_point],
                [f"{output}_product"],
                domain="com.microsoft",
            ),
            helper.make_node("Mul", [f"{output}_product", f"{name}_scale"], [output]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    _drop_unused(graph)


def _largest_activations(
    model: onnx.ModelProto, names: list[str], pixels: NDArray[np.uint8]
) -> dict[str, NDArray[np.float32]]:
    """The largest absolute value in each channel of some tensors, over all images."""
    observed = onnx.ModelProto()
    observed.CopyFrom(model)
    observed.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(observed.SerializeToString(), providers=["CPUExecutionProvider"])
    largest: dict[str, NDArray[np.float32]] = {}
    for image in pixels:
        for name, value in zip(names, session.run(names, {"pixels": image[np.newaxis]}), strict=True):
            sizes = np.abs(value).reshape(-1, value.shape[-1]).max(0)
            largest[name] = np.maximum(largest.get(name, sizes), sizes)
    return largest


def _smoothing_factors(
    largest: NDArray[np.float32], matrices: list[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """The divisor of each channel: activations and weights share the range evenly (alpha = 0.5)."""
    weights = np.max([np.abs(matrix).max(1) for matrix in matrices], axis=0)
    factors = np.sqrt(np.maximum(largest, LEAST) / np.maximum(weights, LEAST))
    return np.asarray(factors, np.float32)


def _quantize_columns(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weights (k, n) as int8 and a scale for each column.

    Processors without VNNI add two neighbouring products in 16 bits, and saturate. These weights never
    saturate, so that all machines compute the same.
    """
    padded = np.pad(weights, ((0, len(weights) % 2), (0, 0)))
    positive, negative = np.maximum(padded, 0), np.maximum(-padded, 0)
    pairs = np.maximum(positive[::2] + positive[1::2], negative[::2] + negative[1::2])
    most_pair = np.iinfo(np.int16).max // (2 * LEVELS) - 1  # rounding may add a half to each weight
    scales = np.maximum(np.abs(weights).max(0) / np.iinfo(np.int8).max, pairs.max(0) / most_pair)
    scales[scales == 0] = 1
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)


def quantize_convolutions(graph: onnx.GraphProto) -> None:
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


def _pixel_tensors(graph: onnx.GraphProto) -> set[str]:
    """The tensors that are pixels, centred."""
    casts = {node.output[0] for node in graph.node if node.op_type == "Cast"}
    return {node.output[0] for node in graph.node if node.op_type == "Sub" and node.input[0] in casts}


def _add(graph: onnx.GraphProto, name: str, value: NDArray[np.generic] | np.generic) -> str:
    graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the weights and casts that no node reads."""
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    nodes = [node for node in graph.node if read & set(node.output)]
    tensors = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(tensors)
