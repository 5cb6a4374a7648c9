"""What a person decides about a photo that joined a type by itself, or just missed it; and undoing that."""

from dataclasses import dataclass
from typing import Protocol

from lookalike.keys import parse_missed_key
from lookalike.verdicts import Verdict
from lookalike_tools.console.stack.changes import move_photos, parse_photo, remove_photos
from lookalike_tools.live.api import give_verdict
from lookalike_tools.live.bucket.photos import (
    MissedPhoto,
    put_missed,
    read_missed,
    read_photo,
    restore_photo,
)
from lookalike_tools.live.stack import Stack


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        photo: key of the photo.
        made: the key that it has from now on.
        before: what it was: the id of its version, or a missed photo itself, for these have no versions.
    """

    photo: str
    made: str
    before: str | MissedPhoto


class Decide(Protocol):
    """Decides about a photo, by its key."""

    def __call__(self, stack: Stack, photo: str) -> Decision:
        """Decide.

        Raises:
            StackError: it can't be done.
        """


def confirm(stack: Stack, photo: str) -> Decision:
    """It shows the type: it counts as uploaded from now on."""
    return _judge(stack, photo, Verdict.IS_ONE)


def refuse(stack: Stack, photo: str) -> Decision:
    """It shows none of the type: it becomes a counterexample."""
    return _judge(stack, photo, Verdict.IS_NOT)


def move(stack: Stack, photo: str, type_id: str) -> Decision:
    """It shows another type, and joins that."""
    if parse_missed_key(photo):
        return _judge(stack, photo, Verdict.IS_ONE, type_id)
    version = read_photo(stack, photo).version
    (made,) = move_photos(stack, [photo], type_id)
    return Decision(photo, made, version)


def undo(stack: Stack, decision: Decision) -> str:
    """Make it as it was before; returns the photo's key.

    The photo is back before what was made of it is removed: what is interrupted leaves both.

    Raises:
        StackError: it can't be done.
    """
    if isinstance(decision.before, MissedPhoto):
        put_missed(stack, decision.photo, decision.before)
    else:
        restore_photo(stack, decision.photo, decision.before)
    if decision.made != decision.photo:
        remove_photos(stack, [decision.made])
    return decision.photo


def _judge(stack: Stack, photo: str, verdict: Verdict, type_id: str | None = None) -> Decision:
    missed = parse_missed_key(photo)
    before = read_missed(stack, photo) if missed else read_photo(stack, photo).version
    type_id = type_id or (missed.type_id if missed else parse_photo(photo).type_id)
    return Decision(photo, give_verdict(stack, type_id, photo, verdict), before)
