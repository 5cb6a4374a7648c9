"""The model folder: `encoder.onnx`, the graph, and `encoder.json`, what one must know of it.

Of a large model, the weights lie beside the graph in `encoder.onnx.data`, which ONNX calls external data.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lookalike.errors import ModelError

GRAPH_FILE = "encoder.onnx"
WEIGHTS_FILE = "encoder.onnx.data"
DESCRIPTION_FILE = "encoder.json"

Channels = tuple[float, float, float]


class Agreement(BaseModel):
    """How close the exported graph stays to its source: cosine similarities on sample images."""

    images: int
    cosine_worst: float
    cosine_median: float


class ModelDescription(BaseModel):
    """What `encoder.json` holds."""

    model_config = ConfigDict(frozen=True)

    model_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
    source: str
    precision: str
    dimension: Annotated[int, Field(ge=1, le=65536)]
    image_size: Annotated[int, Field(ge=1, le=2048)]
    mean: Channels
    std: Channels
    default_threshold: Annotated[float, Field(ge=0, le=1)]
    stand_in: bool
    agreement: Agreement


def read_description(model_dir: str | Path) -> ModelDescription:
    """Read and check `encoder.json` of a model folder.

    Raises:
        ModelError: the folder holds no readable description.
    """
    path = Path(model_dir) / DESCRIPTION_FILE
    try:
        return ModelDescription.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ModelError(
            f"no model in {model_dir}: {DESCRIPTION_FILE} is missing; make one with `lookalike export-model`"
        ) from None
    except ValidationError as error:
        raise ModelError(f"{path} does not describe an encoder: {error}") from None
