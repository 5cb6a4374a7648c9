"""Query photos: against one type, against all, and where a large one is put."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from lookalike.aws import events
from lookalike.storage.query_uploads import presign_query_upload
from recognize import schemas
from recognize.asking import Wishes, ask_all, ask_type
from recognize.body import read_query
from recognize.responses import details
from recognize.running import started, store

router = APIGatewayHttpRouter()


@router.post("/types/<type_id>/recognize", summary="Does a photo show an object of this type?")
def recognize_type(
    type_id: schemas.TypeId,
    threshold: schemas.Threshold = None,
    append: schemas.Append = True,
    filename: schemas.Filename = None,
    look: schemas.Looked = None,
) -> schemas.RecognizeAnswer:
    """Compare the photo in the body with the type's images; a match joins them."""
    photo, about = read_query(router.current_event, store, filename)
    answer = ask_type(started, type_id, photo, Wishes(threshold, append, look))
    _tell(answer, about)
    return answer


@router.post("/recognize", summary="Which of all types does a photo show?")
def recognize_any(
    threshold: schemas.Threshold = None,
    append: schemas.AppendIfAsked = False,
    filename: schemas.Filename = None,
    look: schemas.LookedForAll = None,
) -> schemas.IdentifyAnswer:
    """Compare the photo in the body with the nearest types, the best first; a match joins them if asked."""
    photo, about = read_query(router.current_event, store, filename)
    answer = ask_all(started, photo, Wishes(threshold, append, look))
    _tell(answer, about)
    return answer


@router.post("/uploads", summary="Allow a large query photo to be put")
def create_upload(content_type: schemas.MediaType = "application/octet-stream") -> schemas.UploadAnswer:
    """A presigned POST; recognise the photo afterwards by its `query_key`. It is kept for a day."""
    upload = presign_query_upload(store.work, content_type)
    return schemas.UploadAnswer(url=upload.post.url, fields=upload.post.fields, query_key=upload.query_key)


def _tell(answer: details.Answer, about: schemas.EventPhoto) -> None:
    events.publish(started.bus, started.config.event_bus, [details.recognition_event(answer, about)])
