"""Answers about many photos, written to a file as they come."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lookalike_tools.photos.folders import PhotosError

COLUMNS = ("photo", "match", "score", "threshold", "similarity", "nearest", "appended", "message")
"""Of a CSV file; JSON lines have all that the API answers."""

SUFFIXES = (".csv", ".jsonl")


@contextmanager
def answers_file(path: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A file of CSV or of JSON lines, by its name; gives what writes an answer to it.

    Raises:
        PhotosError: its name is neither's, or it can't be written.
    """
    if path.suffix not in SUFFIXES:
        raise PhotosError(f"{path}: name a file that ends with {' or '.join(SUFFIXES)}")
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise PhotosError(f"{path} can't be written: {error.strerror}") from None
    with file:
        if path.suffix == ".jsonl":
            yield lambda answer: print(json.dumps(answer, ensure_ascii=False), file=file)
        else:
            table = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            table.writeheader()
            yield lambda answer: table.writerow(_row(answer))


def _row(answer: dict[str, Any]) -> dict[str, Any]:
    nearest = answer.get("nearest") or []
    return answer | {"nearest": nearest[0]["image"] if nearest else None}
