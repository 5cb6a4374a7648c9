"""What is running."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

import lookalike
from recognize import schemas
from recognize.running import encoder

router = APIGatewayHttpRouter()


@router.get("/health", summary="What is running")
def get_health() -> schemas.HealthAnswer:
    """The model that encodes, and the version of the code."""
    return schemas.HealthAnswer(
        status="ok",
        model=encoder.model_id,
        stand_in=encoder.description.stand_in,
        version=lookalike.__version__,
    )
