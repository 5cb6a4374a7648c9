"""A photo asked against a type, as tests ask it."""

from lookalike.looking import QueryPhoto
from lookalike.matching.policy import Policy
from lookalike.matching.settings import DEFAULTS, Look, Rule, TypeSettings
from lookalike.recognition import Recognition, recognize
from lookalike.storage.store import Store
from lookalike.vision.encoder import Encoder


def ask(
    encoder: Encoder,
    store: Store,
    type_id: str,
    photo: bytes,
    *,
    threshold: float = 0.92,
    append: bool = True,
    filename: str | None = None,
    settings: TypeSettings = DEFAULTS,
    look: Look = Look.CENTRE,
) -> Recognition:
    """Recognise by similarity, above a threshold, with a type's own bounds."""
    policy = Policy(Rule.SIMILARITY, threshold, look=look, settings=settings)
    return recognize(encoder, store, type_id, QueryPhoto(photo, filename), policy, append=append)
