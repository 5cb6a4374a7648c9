"""A contact sheet: each query photo beside its nearest reference, with the similarity between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lookalike.vision.boxes import Box
from lookalike_tools.photos.outline import draw_box

_THUMBNAIL = (224, 168)
_GAP = 8
_PADDING = 14
_CARD = (2 * _THUMBNAIL[0] + _GAP + 2 * _PADDING, _THUMBNAIL[1] + 2 * _PADDING + 62)
_GUTTER = 20
_MARGIN = 40
_HEADER = 92
_HEADING = 52

_PAPER = "#f4f3f0"
_WHITE = "#ffffff"
_LINE = "#dcdad5"
_MAT = "#e9e7e2"
_INK = "#22252a"
_GREY = "#6f737a"
_GREEN = "#1b7f4d"
_RED = "#b8322a"


@dataclass(frozen=True)
class Row:
    """One query and its answer; consecutive rows with the same heading are shown under it."""

    query: Image.Image
    asked: str
    """The type that the query is compared with."""
    nearest: Image.Image | None
    """The reference most like the query, if the type has any."""
    similarity: float
    threshold: float | None
    """What the similarity must exceed; None if similarity does not decide."""
    match: bool
    appended: bool
    heading: str = ""
    box: Box | None = None
    """Where in the query the type is seen, if that is to be drawn."""
    probability: float | None = None
    """That the query shows the type, if that decides."""
    told: str | None = None
    """What is said of it, where that is not whether it matches."""


def contact_sheet(
    rows: Sequence[Row],
    path: Path,
    *,
    title: str = "Queries and their nearest references",
    legend: str | None = None,
) -> None:
    """Write the rows to `path` as a PNG, in up to three columns; its folder is made if need be.

    Args:
        rows: what is shown.
        path: where it goes.
        title: of the sheet.
        legend: what is left and right, where the rows are no queries.

    Raises:
        ValueError: there are no rows.
        OSError: `path` can't be written.
    """
    if not rows:
        raise ValueError("a contact sheet needs at least one row")
    groups = [(heading, list(group)) for heading, group in groupby(rows, key=lambda row: row.heading)]
    columns = min(3, max(2, *(len(group) for _, group in groups)))
    width = 2 * _MARGIN + columns * _CARD[0] + (columns - 1) * _GUTTER
    lines = sum(-(-len(group) // columns) for _, group in groups)
    headings = sum(bool(heading) for heading, _ in groups)
    height = _HEADER + headings * _HEADING + lines * (_CARD[1] + _GUTTER) + _MARGIN - _GUTTER

    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _text(draw, (_MARGIN, 28), title, 28, _INK, width - 2 * _MARGIN)
    _text(draw, (_MARGIN, 64), legend or _legend(rows), 15, _GREY, width - 2 * _MARGIN)
    top = _HEADER
    for heading, group in groups:
        if heading:
            _text(draw, (_MARGIN, top + 16), heading, 19, _INK, width - 2 * _MARGIN)
            top += _HEADING
        for index, row in enumerate(group):
            line, column = divmod(index, columns)
            corner = (_MARGIN + column * (_CARD[0] + _GUTTER), top + line * (_CARD[1] + _GUTTER))
            sheet.paste(_card(row), corner)
        top += -(-len(group) // columns) * (_CARD[1] + _GUTTER)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "PNG")


def _legend(rows: Sequence[Row]) -> str:
    matches, appended = sum(row.match for row in rows), sum(row.appended for row in rows)
    return (
        "Left: the query. Right: the nearest reference of the type asked for. "
        f"Queries: {len(rows)}. Matches: {matches}. Appended: {appended}."
    )


def _card(row: Row) -> Image.Image:
    card = Image.new("RGB", _CARD, _WHITE)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, _CARD[0] - 1, _CARD[1] - 1), outline=_LINE)
    right = _PADDING + _THUMBNAIL[0] + _GAP
    colour = _GREEN if row.match else _RED
    card.paste(_thumbnail(row.query, row.box, colour), (_PADDING, _PADDING))
    if row.nearest:
        card.paste(_thumbnail(row.nearest), (right, _PADDING))
    else:
        box = (right, _PADDING, right + _THUMBNAIL[0] - 1, _PADDING + _THUMBNAIL[1] - 1)
        draw.rectangle(box, outline=_LINE)
        middle = (right + _THUMBNAIL[0] // 2, _PADDING + _THUMBNAIL[1] // 2)
        draw.text(middle, "no reference", _GREY, ImageFont.load_default(14), anchor="mm")

    below = _PADDING + _THUMBNAIL[1] + 12
    indent = 0 if row.told else 34
    if not row.told:
        card.paste(_mark(row.match), (_PADDING, below + 4))
    _text(draw, (_PADDING + indent, below), row.asked, 16, _INK, _THUMBNAIL[0] - indent - 4)
    verdict = ("match" if row.match else "no match") + (", appended" if row.appended else "")
    _text(draw, (_PADDING + indent, below + 24), row.told or verdict, 14, colour, _THUMBNAIL[0] - indent)
    if row.nearest:
        _scale(draw, (right, below), row, colour)
    return card


def _scale(draw: ImageDraw.ImageDraw, corner: tuple[int, int], row: Row, colour: str) -> None:
    """The similarity as a number and as a bar from 0 to 1 with a tick at the threshold."""
    left, top = corner
    width, bar = _THUMBNAIL[0], top + 34
    draw.text((left, top - 3), f"{row.similarity:.3f}", colour, ImageFont.load_default(22))
    draw.rectangle((left, bar, left + width - 1, bar + 7), fill=_MAT)
    reach = round(min(max(row.similarity, 0), 1) * (width - 1))
    draw.rectangle((left, bar, left + reach, bar + 7), fill=colour)
    if row.probability is not None:
        told = f"probability {row.probability:.3f}"
        draw.text((left + width, top + 3), told, colour, ImageFont.load_default(14), anchor="ra")
    if row.threshold is None:
        return
    limit = f"threshold {row.threshold:.3g}"
    draw.text((left + width, top + 3), limit, _GREY, ImageFont.load_default(14), anchor="ra")
    tick = left + round(min(max(row.threshold, 0), 1) * (width - 1))
    draw.rectangle((tick - 1, bar - 4, tick, bar + 11), fill=_INK)


def _mark(match: bool) -> Image.Image:
    """A tick on a disc, or a cross in a ring: the shapes differ as the colours do, for the colour-blind."""
    large = Image.new("RGB", (104, 104), _WHITE)
    draw = ImageDraw.Draw(large)
    if match:
        draw.ellipse((2, 2, 101, 101), fill=_GREEN)
        draw.line([(28, 54), (46, 72), (77, 35)], fill=_WHITE, width=12, joint="curve")
    else:
        draw.ellipse((2, 2, 101, 101), outline=_RED, width=9)
        draw.line([(35, 35), (68, 68)], fill=_RED, width=11)
        draw.line([(35, 68), (68, 35)], fill=_RED, width=11)
    return large.resize((26, 26), Image.Resampling.LANCZOS)


def _thumbnail(image: Image.Image, box: Box | None = None, colour: str = _INK) -> Image.Image:
    upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = min(_THUMBNAIL[0] / upright.width, _THUMBNAIL[1] / upright.height)
    size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
    small = upright.resize(size, Image.Resampling.LANCZOS)
    if box:
        draw_box(small, box, colour)
    mat = Image.new("RGB", _THUMBNAIL, _MAT)
    mat.paste(small, ((_THUMBNAIL[0] - size[0]) // 2, (_THUMBNAIL[1] - size[1]) // 2))
    return mat


def _text(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, colour: str, width: int
) -> None:
    """One line of text; if it exceeds `width` its middle is cut, because the ends tell types apart."""
    font = ImageFont.load_default(size)
    fitting, dropped = text, 0
    while fitting and draw.textlength(fitting, font) > width:
        dropped += 1
        kept = len(text) - dropped
        fitting = f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"
    draw.text(corner, fitting, colour, font)
