"""What the API answers, from what the library says."""

from typing import Any

from lookalike.describing import ImageState, TypeState
from lookalike.identification import Identification
from lookalike.looking import Comparison
from lookalike.matching.diagnosis import Diagnosis
from lookalike.matching.encodings import Origin
from lookalike.matching.gallery import Gallery
from lookalike.missed import Missed
from lookalike.recognition import Recognition
from lookalike.storage.store import MAX_TYPES
from lookalike.vision.boxes import round_box
from recognize import judging, schemas


def recognized(found: Recognition) -> schemas.RecognizeAnswer:
    """Whether a query shows an object of a type."""
    return schemas.RecognizeAnswer(
        **_compared(found.comparison),
        appended=found.appended.image,
        pending=found.appended.pending,
        encodings=found.appended.rows,
        model=found.model_id,
    )


def identified(found: Identification) -> schemas.IdentifyAnswer:
    """Which of all types a query shows."""
    return schemas.IdentifyAnswer(
        match=found.match.encodings.type_id if found.match else None,
        candidates=[
            schemas.RankedCandidate(**_compared(each), probability=probability)
            for each, probability in zip(found.candidates, found.probabilities, strict=True)
        ],
        none=found.none,
        appended=found.appended.image,
        pending=found.appended.pending,
        types=found.types,
        model=found.model_id,
    )


def _compared(comparison: Comparison) -> dict[str, Any]:
    policy, decision = comparison.policy, comparison.decision
    other, against = decision.nearest_other, decision.counterexample
    return {
        "type_id": comparison.encodings.type_id,
        "match": decision.match,
        "similarity": decision.similarity,
        "rule": policy.rule,
        "score": decision.score,
        "threshold": policy.threshold,
        "threshold_source": policy.threshold_source,
        "look": policy.look,
        "box": list(round_box(comparison.box)),
        "views": len(comparison.seen.boxes),
        "notice": policy.notice,
        "nearest_other": schemas.OtherType(**other._asdict()) if other else None,
        "counterexample": schemas.Neighbour(**against._asdict()) if against else None,
        "nearest": [schemas.Neighbour(**neighbour._asdict()) for neighbour in decision.nearest],
    }


def learnt(gallery: Gallery | None) -> schemas.Learnt | None:
    """What is known of all types together, and from what."""
    if gallery is None:
        return None
    fit, full = gallery.fit, len(gallery.type_ids) >= MAX_TYPES
    notice = (
        f"POST /recognize chooses from {MAX_TYPES:,} types, the most it can: types that come are left "
        "out, and are recognised where they are asked for"
    )
    return schemas.Learnt(
        fitted_at=fit.fitted_at, types=fit.types, photos=fit.photos, notice=notice if full else None
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
        filename=row.filename if row else None,
        box=list(row.box) if row and row.box else None,
        reason=image.reason,
    )


def missed(photo: Missed) -> judging.MissedPhoto:
    """A photo that did not match."""
    known = photo.provenance
    return judging.MissedPhoto(
        photo=photo.listed.key,
        type_id=photo.type_id,
        score=photo.score,
        threshold=photo.threshold,
        similarity=known.similarity,
        nearest=known.nearest,
        filename=known.filename,
        box=list(known.box) if known.box else None,
        modified=photo.listed.modified.isoformat(),
    )


def described(state: TypeState, diagnosis: Diagnosis | None, model_id: str) -> schemas.TypeAnswer:
    """One type as it stands."""
    return schemas.TypeAnswer(
        type_id=state.type_id,
        images=state.images,
        counterexamples=state.counterexamples,
        encodings=sum(state.origins.values()) - state.origins[Origin.COUNTEREXAMPLE],
        origins={str(origin): count for origin, count in state.origins.items()},
        rejected=[
            schemas.RejectedImage(image=entry.image, reason=entry.reason)
            for entry in state.rejected[: schemas.MOST_REJECTED]
        ],
        model=model_id,
        built_at=state.built_at,
        settings=state.settings.settings,
        notice=state.settings.notice,
        up_to_date=state.up_to_date,
        diagnosis=diagnosis,
    )
