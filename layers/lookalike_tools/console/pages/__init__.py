"""The console's pages, and where they are."""

from nicegui import ui

from lookalike_tools.console.pages import review, threshold, trying, type, types
from lookalike_tools.console.stack.pictures import Pictures
from lookalike_tools.console.stack.survey import Survey


def register(survey: Survey, pictures: Pictures) -> None:
    """Serve the pages of a stack."""

    @ui.page("/")
    def show_types() -> None:
        types.show(survey)

    @ui.page("/types/{type_id}")
    def show_type(type_id: str) -> None:
        type.show(survey, type_id)

    @ui.page("/types/{type_id}/threshold")
    def show_threshold(type_id: str) -> None:
        threshold.show(survey, type_id)

    @ui.page("/review")
    def show_review() -> None:
        review.show(survey)

    @ui.page("/try")
    def show_trying(of: str = "") -> None:
        trying.show(survey, pictures, of)
