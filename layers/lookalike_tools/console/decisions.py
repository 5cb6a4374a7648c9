"""What a person decides about a photo that joined a type by itself. The bucket keeps it, and undoes it."""

from dataclasses import dataclass
from typing import Protocol

from lookalike.keys import Folder
from lookalike_tools.console.changes import move_photos, parse_photo, remove_photos
from lookalike_tools.live.photos import Upload, read_photo, restore_photo, upload_photos
from lookalike_tools.live.stack import Stack


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        photo: key of the photo.
        version: of the photo before, as the bucket names it.
        made: key of the photo that was made of it elsewhere; None if it stayed.
    """

    photo: str
    version: str
    made: str | None = None


class Decide(Protocol):
    """Decides about a photo, by its key."""

    def __call__(self, stack: Stack, photo: str) -> Decision:
        """Decide.

        Raises:
            StackError: it can't be done.
        """


def confirm(stack: Stack, photo: str) -> Decision:
    """It shows the type: it counts as uploaded from now on."""
    before = read_photo(stack, photo)
    for _ in upload_photos(stack, [Upload(photo, before.data, before.box)]):
        pass
    return Decision(photo, before.version)


def refuse(stack: Stack, photo: str) -> Decision:
    """It shows none of the type: it becomes a counterexample."""
    version = read_photo(stack, photo).version
    (made,) = move_photos(stack, [photo], parse_photo(photo).type_id, Folder.COUNTEREXAMPLES)
    return Decision(photo, version, made)


def move(stack: Stack, photo: str, type_id: str) -> Decision:
    """It shows another type, and joins that."""
    version = read_photo(stack, photo).version
    (made,) = move_photos(stack, [photo], type_id)
    return Decision(photo, version, made)


def undo(stack: Stack, decision: Decision) -> str:
    """Make it as it was before; returns the photo's key.

    The photo is back before what was made of it is removed: what is interrupted leaves both.

    Raises:
        StackError: it can't be done.
    """
    restore_photo(stack, decision.photo, decision.version)
    if decision.made:
        remove_photos(stack, [decision.made])
    return decision.photo
