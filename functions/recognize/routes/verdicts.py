"""What people decide: verdicts, and the photos that wait for one."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from lookalike.missed import list_missed
from lookalike.verdicts import judge
from lookalike.vision.boxes import make_box
from recognize import judging, schemas
from recognize.body import read_verdict
from recognize.responses import answers
from recognize.running import store

router = APIGatewayHttpRouter()


@router.post("/types/<type_id>/verdicts", summary="Say whether a photo shows an object of a type")
def give_verdict(type_id: schemas.TypeId) -> judging.VerdictAnswer:
    """The photo moves to the type's images or to its counterexamples; asking again changes nothing."""
    asked = read_verdict(router.current_event)
    caller = router.current_event.request_context.authorizer
    by = caller.iam.user_arn or caller.jwt_claim.get("sub")
    box = None if asked.box is None else make_box(asked.box)
    image = judge(store, type_id, asked.photo, asked.verdict, by, box)
    return judging.VerdictAnswer(image=image, verdict=asked.verdict)


@router.get("/missed", summary="List the missed photos that wait for a decision")
def get_missed(type_id: schemas.MissedType = None, limit: schemas.MissedLimit = 100) -> judging.MissedAnswer:
    """Queries that did not match and were kept, the closest first."""
    missed, more = list_missed(store, type_id, limit)
    return judging.MissedAnswer(missed=[answers.missed(each) for each in missed], more=more)
