"""A photo asked about, whoever asks: the answer, and what the log and the metrics are told of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.aws.cold_start import Started
from lookalike.aws.queue import request_build_once, request_rebuild
from lookalike.errors import EncodingsNotReadyError
from lookalike.identification import Identification, identify
from lookalike.looking import Comparison, QueryPhoto
from lookalike.matching.gallery import Gallery
from lookalike.matching.policy import Policy, StackDefaults, choose_policy
from lookalike.matching.settings import Look
from lookalike.missed import keep_missed
from lookalike.recognition import Recognition, recognize
from recognize import schemas
from recognize.responses import answers, details
from recognize.upgrading import by_whichever_is_built, check_all_are_built

logger = Logger(child=True)
metrics = Metrics()


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a photo is to be recognised.

    Attributes:
        threshold: what a match must exceed; the type's or the stack's if None.
        append: whether a match joins the type's images.
        look: where in the photo objects are looked for; the type's or the stack's if None.
    """

    threshold: float | None = None
    append: bool = True
    look: Look | None = None


def ask(started: Started, type_id: str | None, photo: QueryPhoto, wishes: Wishes) -> details.Answer:
    """`ask_type`, or `ask_all` where no type is named."""
    return ask_type(started, type_id, photo, wishes) if type_id else ask_all(started, photo, wishes)


def ask_type(started: Started, type_id: str, photo: QueryPhoto, wishes: Wishes) -> schemas.RecognizeAnswer:
    """Does a photo show an object of a type? Raises what `lookalike.recognition.recognize` does."""

    def ask_by(model: Started) -> Recognition:
        policy = _choose_policy(model, type_id, wishes, model.store.read_gallery)
        return recognize(
            model.encoder,
            model.store,
            type_id,
            _for(model, photo),
            policy,
            append=wishes.append,
            with_row=not model.replaced,
        )

    found = by_whichever_is_built(started, ask_by)
    _keep_missed(started, photo, found.comparison)
    answer = answers.recognized(found)
    _conclude(started, found, answer)
    return answer


def ask_all(started: Started, photo: QueryPhoto, wishes: Wishes) -> schemas.IdentifyAnswer:
    """Which of all types does a photo show? Raises what `lookalike.identification.identify` does."""
    look = wishes.look or started.config.look

    def ask_by(model: Started) -> Identification:
        def policy_of(type_id: str, gallery: Gallery) -> Policy:
            return _choose_policy(model, type_id, replace(wishes, look=look), lambda: gallery)

        if model.previous:
            check_all_are_built(model, model.previous)
        return identify(
            model.encoder,
            model.store,
            _for(model, photo),
            policy_of,
            look=look,
            odds=model.config.odds,
            append=wishes.append,
            with_row=not model.replaced,
        )

    found = by_whichever_is_built(started, ask_by)
    if not found.match and found.candidates:
        _keep_missed(started, photo, found.candidates[0])
    answer = answers.identified(found)
    _conclude(started, found, answer)
    return answer


def _for(model: Started, photo: QueryPhoto) -> QueryPhoto:
    """The photo without what another model encoded of it."""
    return replace(photo, middle=None) if model.replaced else photo


def ask_for_rebuilds(started: Started, error: EncodingsNotReadyError) -> None:
    """See to it that the encodings that are not ready are built."""
    for type_id in error.type_ids:
        request_build_once(started.queue, started.config.queue_url, type_id)


def _keep_missed(started: Started, photo: QueryPhoto, closest: Comparison) -> None:
    config = started.config
    keep_missed(started.store, photo, closest, config.keep_missed, config.missed_margin)


def _choose_policy(
    started: Started, type_id: str, wishes: Wishes, read_gallery: Callable[[], Gallery | None]
) -> Policy:
    config = started.config
    stack = StackDefaults(config.rule, config.threshold, config.odds, config.look)
    stored = started.store.read_settings(type_id)
    return choose_policy(wishes.threshold, stored, stack, read_gallery, wishes.look)


def _conclude(
    started: Started,
    found: Recognition | Identification,
    answer: schemas.RecognizeAnswer | schemas.IdentifyAnswer,
) -> None:
    """Ask for the rebuild that is needed, and report: log line, metrics."""
    said = "identified" if isinstance(found, Identification) else "recognised"
    compared = found.match if isinstance(found, Identification) else found.comparison
    appended, match = found.appended, bool(answer.match)
    if appended.doubtful and compared:
        _ask_for_a_look(started, compared.encodings.type_id, appended.doubtful)
    told = details.of_answer(answer)
    logger.info(
        said,
        **{name: value for name, value in told.items() if name not in ("nearest", "candidates")},
        attempts=appended.attempts,
    )
    metrics.add_metric("Matched", MetricUnit.Count, int(match))
    metrics.add_metric("Missed", MetricUnit.Count, int(not match))
    metrics.add_metric("Appended", MetricUnit.Count, int(appended.image is not None))
    metrics.add_metric("AppendAttempts", MetricUnit.Count, appended.attempts)
    if compared:
        metrics.add_metric("Rows", MetricUnit.Count, appended.rows)
    metrics.add_metric("EncodeTime", MetricUnit.Milliseconds, found.encode_ms)
    metrics.add_metric("LoadTime", MetricUnit.Milliseconds, found.load_ms)


def _ask_for_a_look(started: Started, type_id: str, image: str) -> None:
    """Ask for a look at an image that may be gone. If that fails the answer stands: a sweep finds the row."""
    try:
        request_rebuild(started.queue, started.config.queue_url, type_id, [image])
    except (ClientError, BotoCoreError):
        logger.exception("a look at an image could not be asked for", type_id=type_id, image=image)
        metrics.add_metric("StorageFailed", MetricUnit.Count, 1)
