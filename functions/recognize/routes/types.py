"""Types: which there are, each as it stands, and its settings."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from lookalike.describing import describe_type, diagnose_type
from lookalike.matching.settings import TypeSettings
from recognize import schemas
from recognize.body import read_settings
from recognize.responses import answers
from recognize.running import encoder, store

router = APIGatewayHttpRouter()


@router.get("/types", summary="List the types")
def list_types(limit: schemas.Limit = 1000, next_token: schemas.Token = None) -> schemas.TypesAnswer:
    """A page of the types, in order of their names."""
    page = store.list_types(next_token, limit)
    types = [schemas.TypeEntry(type_id=type_id) for type_id in page.items]
    return schemas.TypesAnswer(
        types=types, gallery=answers.learnt(store.read_gallery()), next_token=page.next_token
    )


@router.get("/types/<type_id>", summary="Describe a type")
def get_type(type_id: schemas.TypeId, diagnose: schemas.Diagnose = False) -> schemas.TypeAnswer:
    """Its encodings by origin, rejected images with reasons, settings, and whether it is up to date."""
    state = describe_type(store, type_id)
    diagnosis = diagnose_type(store, type_id) if diagnose else None
    return answers.described(state, diagnosis, encoder.model_id)


@router.put("/types/<type_id>/settings", summary="Set a type's decision settings")
def put_settings(type_id: schemas.TypeId) -> TypeSettings:
    """Settings that are left out are as the stack's."""
    settings = read_settings(router.current_event)
    store.write_settings(type_id, settings)
    return settings
