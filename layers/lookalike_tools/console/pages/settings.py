"""A type's own settings."""

from functools import partial

from nicegui import ui
from pydantic import ValidationError

from lookalike.matching.settings import Rule, TypeSettings
from lookalike_tools.console.stack.changes import change_settings
from lookalike_tools.console.stack.survey import Survey
from lookalike_tools.console.widgets.layout import attempt, on_change, tell_refused, text

AS_THE_STACK = "as the stack"
CHOICES = {
    "rule": ("Decided by", {"": AS_THE_STACK, **{str(rule): str(rule) for rule in Rule}}),
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
            fields: dict[str, ui.input | ui.select | ui.number] = {
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
            field.disable()  # until it is known what they say
        save = ui.button("Save settings", color=None).props("flat no-caps").classes("btn")
        shown: TypeSettings | None = None

        def refresh() -> None:
            nonlocal shown
            known = survey.types.get(type_id)
            if known is None:
                return
            notice.text = known.settings.notice or ""
            notice.visible = bool(known.settings.notice)
            before, shown = shown, known.settings.settings
            for name, field in fields.items():
                # What is being typed stays.
                if before is None or ("" if field.value is None else field.value) == _value(before, name):
                    field.value = _value(shown, name)
                field.enable()

        async def write() -> None:
            values = {name: field.value for name, field in fields.items() if field.value not in (None, "")}
            if "max_recognized" in values:
                values["max_recognized"] = int(values["max_recognized"])
            try:
                written = TypeSettings.model_validate(values)
            except ValidationError as error:
                tell_refused([f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors()])
                return
            edited = [name for name in fields if getattr(written, name) != getattr(shown, name, None)]
            told = written.model_dump(mode="json", exclude_none=True)
            changes = {name: told.get(name) for name in edited}
            change = partial(change_settings, survey.stack, type_id, changes)
            if await attempt(change, "Settings saved") is not None:
                survey.forget(type_id)

        save.on_click(write)
        refresh()
        on_change(survey, refresh)


def _value(settings: TypeSettings, name: str) -> object:
    value = getattr(settings, name)
    return value if isinstance(value, int | float) else str(value or "")
