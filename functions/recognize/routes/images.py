"""A type's images, and photos that look like the type and show none of it: listed, put and deleted."""

from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from lookalike import keys
from lookalike.describing import describe_images, describe_images_of
from lookalike.keys import Folder
from lookalike.vision.boxes import parse_box
from lookalike.vision.images import FORMATS, sniff_format
from recognize import schemas
from recognize.body import read_query
from recognize.responses import answers
from recognize.running import encoder, store

router = APIGatewayHttpRouter()


@router.get("/types/<type_id>/images", summary="List a type's images")
def list_images(
    type_id: schemas.TypeId,
    origin: schemas.ImageOrigin = None,
    limit: schemas.Limit = 1000,
    next_token: schemas.Token = None,
) -> schemas.ImagesAnswer:
    """A page of the images, in order of their names; of one origin, the newest first."""
    if origin:
        page = describe_images_of(store, type_id, origin, next_token, limit)
    else:
        page = describe_images(store, type_id, next_token, limit)
    return schemas.ImagesAnswer(
        images=[answers.image(image) for image in page.items], next_token=page.next_token
    )


@router.put("/types/<type_id>/images/<name>", summary="Put a reference photo")
def put_image(
    type_id: schemas.TypeId, name: schemas.ImageName, box: schemas.ImageBox = None
) -> Response[schemas.ImageAnswer]:
    """Put the photo in the body, in place of one of the same name; its encoding is made in a moment."""
    return _put(keys.image_key(type_id, unquote(name)), box)


@router.delete("/types/<type_id>/images/<name>", summary="Delete an image")
def delete_image(type_id: schemas.TypeId, name: schemas.ImageName) -> Response[str]:
    """Delete a reference photo, or one that was appended by mistake; its encoding goes in a moment."""
    store.delete_image(keys.image_key(type_id, unquote(name)))
    return Response(204, body="")


@router.get("/types/<type_id>/counterexamples", summary="List a type's counterexamples")
def list_counterexamples(
    type_id: schemas.TypeId, limit: schemas.Limit = 1000, next_token: schemas.Token = None
) -> schemas.ImagesAnswer:
    """A page of the photos that look like the type and show none of it, in order of their names."""
    page = describe_images(store, type_id, next_token, limit, Folder.COUNTEREXAMPLES)
    return schemas.ImagesAnswer(
        images=[answers.image(image) for image in page.items], next_token=page.next_token
    )


@router.put("/types/<type_id>/counterexamples/<name>", summary="Put a counterexample")
def put_counterexample(
    type_id: schemas.TypeId, name: schemas.ImageName, box: schemas.ImageBox = None
) -> Response[schemas.ImageAnswer]:
    """Put the photo in the body: what resembles it more than any image of the type does not match."""
    return _put(keys.image_key(type_id, unquote(name), Folder.COUNTEREXAMPLES), box)


@router.delete("/types/<type_id>/counterexamples/<name>", summary="Delete a counterexample")
def delete_counterexample(type_id: schemas.TypeId, name: schemas.ImageName) -> Response[str]:
    """Delete a counterexample; its encoding goes in a moment."""
    store.delete_image(keys.image_key(type_id, unquote(name), Folder.COUNTEREXAMPLES))
    return Response(204, body="")


def _put(key: str, box: str | None) -> Response[schemas.ImageAnswer]:
    place = None if box is None else parse_box(box)
    photo, _ = read_query(router.current_event, store)
    encoder.preprocess(photo.data, place)
    etag = store.put_image(key, photo.data, FORMATS[sniff_format(photo.data)], place)
    return Response(201, "application/json", schemas.ImageAnswer(image=key, etag=etag))
