"""What the API answers, from what the library says."""

from typing import Any

from lookalike.describing import ImageState, TypeState
from lookalike.identification import Candidate
from lookalike.matching.decision import Decision
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy
from lookalike.recognition import Appended, Recognition
from recognize import schemas


def candidate(candidate: Candidate) -> schemas.Candidate:
    """One of the types that a query was compared with."""
    encodings, policy, decision = candidate
    return schemas.Candidate(**_decision(encodings.type_id, policy, decision))


def _decision(type_id: str, policy: Policy, decision: Decision) -> dict[str, Any]:
    other = decision.nearest_other
    return {
        "type_id": type_id,
        "match": decision.match,
        "similarity": decision.similarity,
        "rule": decision.rule,
        "score": decision.score,
        "threshold": decision.threshold,
        "threshold_source": policy.source,
        "fallback": policy.fallback,
        "nearest_other": schemas.OtherType(**other._asdict()) if other else None,
        "nearest": [schemas.Neighbour(**neighbour._asdict()) for neighbour in decision.nearest],
    }


def recognized(recognition: Recognition, policy: Policy) -> schemas.RecognizeAnswer:
    """Whether a query shows an object of a type."""
    decision, appended = recognition.decision, recognition.appended
    return schemas.RecognizeAnswer(
        **_decision(recognition.type_id, policy, decision),
        appended=appended.image,
        pending=appended.pending,
        encodings=appended.rows,
        model=recognition.model_id,
    )


def image(image: ImageState) -> schemas.ImageEntry:
    """One image of a type."""
    row = image.row
    return schemas.ImageEntry(
        name=image.name,
        image=image.listed.key,
        size=image.listed.size,
        modified=image.listed.modified.isoformat(),
        state=image.state,
        origin=row.origin if row else None,
        similarity=row.similarity if row else None,
        nearest=row.nearest if row else None,
        reason=image.reason,
    )


def described(state: TypeState, model_id: str) -> schemas.TypeAnswer:
    """One type as it stands."""
    return schemas.TypeAnswer(
        type_id=state.type_id,
        images=state.images,
        encodings=sum(state.origins.values()),
        origins={str(origin): count for origin, count in state.origins.items()},
        rejected=[
            schemas.RejectedImage(image=entry.image, reason=entry.reason)
            for entry in state.rejected[: schemas.MOST_REJECTED]
        ],
        model=model_id,
        built_at=state.built_at,
        settings=state.settings,
        up_to_date=state.up_to_date,
    )


def identified(
    candidates: list[Candidate],
    match: Candidate | None,
    appended: Appended,
    gallery: Gallery | None,
    model_id: str,
) -> schemas.IdentifyAnswer:
    """Which of all types a query shows."""
    return schemas.IdentifyAnswer(
        match=match.encodings.type_id if match else None,
        candidates=[candidate(each) for each in candidates],
        appended=appended.image,
        pending=appended.pending,
        types=len(gallery.type_ids) if gallery else 0,
        model=model_id,
    )
