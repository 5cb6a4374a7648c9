"""A type's own settings."""

from functools import partial

from nicegui import ui
from pydantic import ValidationError

from lookalike.matching.settings import TypeSettings
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.layout import attempt, on_change, tell_refused, text
from lookalike_tools.live.api import put_json

AS_THE_STACK = "as the stack"
CHOICES = {
    "rule": ("Decided by", {"": AS_THE_STACK, "similarity": "similarity", "probability": "probability"}),
    "look": (
        "Where the object may be",
        {"": AS_THE_STACK, "centre": "in the middle", "anywhere": "anywhere"},
    ),
    "vouch": ("What may vouch for a match", {"": "any photo", "uploaded": "uploaded photos"}),
}


def show_settings(survey: Survey, type_id: str) -> None:
    """Show the settings of a type, for people to change."""
    with ui.element("section").classes("panel"):
        text("h2", "Settings")
        notice = ui.label().classes("look")
        with ui.element("div").classes("fields"):
            fields = {
                "title": ui.input("Title"),
                **{
                    name: ui.select(dict(choices), label=label, value="")
                    for name, (label, choices) in CHOICES.items()
                },
                "threshold": ui.number("Threshold, 0 to 1", min=0, max=1, step=0.01, format="%.4g"),
                "max_recognized": ui.number("Appended at most", min=0, max=50_000, step=1, format="%d"),
            }
        for field in fields.values():
            field.props("outlined dense")
        save = ui.button("Save settings", color=None).props("flat no-caps").classes("btn")
        shown: TypeSettings | None = None

        def refresh() -> None:
            nonlocal shown
            known = survey.types.get(type_id)
            if known is None:
                return
            notice.text = known.settings.notice or ""
            notice.visible = bool(known.settings.notice)
            # What is being typed stays.
            if known.settings.settings != shown:
                shown = known.settings.settings
                for name, field in fields.items():
                    value = getattr(shown, name)
                    field.value = value if name not in CHOICES else str(value or "")

        async def write() -> None:
            values = {name: field.value for name, field in fields.items() if field.value not in (None, "")}
            if "max_recognized" in values:
                values["max_recognized"] = int(values["max_recognized"])
            try:
                settings = TypeSettings.model_validate(values)
            except ValidationError as error:
                tell_refused([f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors()])
                return
            body = settings.model_dump(mode="json", exclude_none=True)
            path = f"/types/{type_id}/settings"
            if await attempt(partial(put_json, survey.stack, path, body), "Settings saved") is not None:
                survey.forget(type_id)

        save.on_click(write)
        refresh()
        on_change(survey, refresh)
