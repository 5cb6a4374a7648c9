"""Where photos are dropped, chosen, pasted or taken."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import GenericEventArguments, UploadEventArguments

from lookalike.vision.images import MAX_BYTES
from lookalike_tools.console.stack.changes import NamedPhoto, why_no_photo
from lookalike_tools.console.widgets.layout import tell_refused
from lookalike_tools.console.wording import number

MOST = 200
"""Photos taken at once: they wait in memory."""


class Drop(ui.upload, component="drop.js"):
    """Takes photos, and tells of files that are none."""

    def __init__(
        self,
        label: str,
        on_photo: Callable[[NamedPhoto], Awaitable[None] | None],
        on_sent: Callable[[], Awaitable[None] | None] | None = None,
        *,
        hint: str = "",
        multiple: bool = True,
        paste: bool = False,
        camera: bool = False,
    ) -> None:
        """Take photos.

        Args:
            label: what to do, in words.
            on_photo: called with each photo.
            on_sent: called once all of those dropped at once have come.
            hint: more words.
            multiple: whether several may come at once.
            paste: whether photos are also taken from the clipboard.
            camera: whether this device's camera may take one.
        """

        async def take(event: UploadEventArguments) -> None:
            photo = NamedPhoto(event.file.name or "photo", await event.file.read())
            if reason := why_no_photo(photo):
                tell_refused([reason])
            elif awaited := on_photo(photo):
                await awaited

        super().__init__(label=label, multiple=multiple, max_file_size=MAX_BYTES, on_upload=take)
        self._props["hint"] = hint
        self._props["most"] = MOST if multiple else 1
        self._props["paste"] = paste
        self._props["camera"] = camera
        self.on("blind", _tell_blind)
        self.on("refused", _tell_too_large)
        if on_sent:
            self.on("sent", on_sent, args=[])


def _tell_blind() -> None:
    tell_refused(["There is no camera, or the browser does not let this page use it"])


def _tell_too_large(event: GenericEventArguments) -> None:
    reasons = [f"{name} has more than {MAX_BYTES // 2**20} MB" for name in event.args["names"]]
    if event.args["tooMany"]:
        reasons.append(f"{number(event.args['tooMany'], 'photo')} left out: {MOST} are taken at once")
    tell_refused(reasons)
