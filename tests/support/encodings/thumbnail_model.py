"""A model folder whose encoder is a thumbnail: real onnxruntime, in microseconds, and no weights."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lookalike.vision.model import DESCRIPTION_FILE, GRAPH_FILE, Agreement, ModelDescription

SIDE = 8


def save_thumbnail_model(folder: Path, model_id: str = "thumbnail-1") -> Path:
    """Save an encoder whose encoding is the image's 8x8 pixels, centred on grey and of length 1."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["cast", "grey"], ["centred"]),
            helper.make_node("Reshape", ["centred", "flat"], ["flattened"]),
            helper.make_node("LpNormalization", ["flattened"], ["encoding"], axis=1, p=2),
        ],
        "thumbnail",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("encoding", TensorProto.FLOAT, ["n", SIDE * SIDE * 3])],
        [
            numpy_helper.from_array(np.array(127.5, np.float32), "grey"),
            numpy_helper.from_array(np.array([-1, SIDE * SIDE * 3]), "flat"),
        ],
    )
    folder.mkdir(parents=True, exist_ok=True)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(folder / GRAPH_FILE))
    description = ModelDescription(
        model_id=model_id,
        source="thumbnail",
        precision="fp32",
        dimension=SIDE * SIDE * 3,
        image_size=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(1, 1, 1),
        default_threshold=0.92,
        stand_in=True,
        agreement=Agreement(images=1, cosine_worst=1, cosine_median=1),
    )
    (folder / DESCRIPTION_FILE).write_text(description.model_dump_json())
    return folder
