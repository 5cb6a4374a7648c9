"""Tables are whole in a terminal of 80 columns."""

import io
import re

from rich.console import Console

from lookalike_tools.tables import make_table


def printed(width: int, rows: int = 2) -> list[str]:
    table = make_table(("query", "asked type"), ("similarity", "match", "appended"))
    for row in range(rows):
        name = f"an-adjustable-open-end-spanner-{row}"
        table.add_row(f"{name}/IMG_20260101_120000.jpg", name, "0.9731", "no (wrong)", "yes")
    told = io.StringIO()
    Console(file=told, width=width).print(table)
    return told.getvalue().splitlines()


def test_headings_and_figures_are_whole_and_lines_fit() -> None:
    lines = printed(80)
    assert max(map(len, lines)) <= 80
    assert lines[0 if lines[0].strip() else 1].split() == [
        "query",
        "asked",
        "type",
        "similarity",
        "match",
        "appended",
    ]
    assert any(re.search(r"0\.9731\s+no \(wrong\)\s+yes", line) for line in lines)


def test_names_fold_and_lose_no_letter() -> None:
    lines = printed(80, rows=1)
    assert "…" not in "".join(lines)
    first = [line.split()[0] for line in lines[2:] if line.strip()]
    assert "an-adjustable-open-end-spanner-0/IMG_20260101_120000.jpg" in "".join(first)
