"""The encodings that a live stack decides by, read from its bucket."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import safetensors.numpy
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import track

from lookalike import keys
from lookalike.matching import encodings as encodings_format
from lookalike.matching.encodings import CorruptEncodingsError, Encodings
from lookalike_tools.live.stack import Stack, StackError
from lookalike_tools.live.upkeep import get_json

READERS = 8


def read_all_encodings(stack: Stack, console: Console) -> list[Encodings]:
    """The encodings of all types that have any, by the model that is running, with a progress bar.

    Raises:
        StackError: the bucket can't be read.
    """
    model_id, s3 = get_json(stack, "/health", {})["model"], stack.client("s3")
    prefix = keys.encodings_prefix(model_id)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=stack.bucket, Prefix=prefix)
        names = [entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", [])]
        type_ids = list(filter(keys.is_type_id, (name.removesuffix(".safetensors") for name in names)))
        with ThreadPoolExecutor(READERS) as threads:
            reading = threads.map(lambda type_id: _read(s3, stack.bucket, model_id, type_id), type_ids)
            found = list(track(reading, "reading encodings", total=len(type_ids), console=console))
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {stack.bucket} can't be read: {error}") from None
    return [encodings for encodings in found if encodings and encodings.rows]


def read_type_encodings(stack: Stack, type_id: str) -> Encodings | None:
    """The encodings of a type by the model that is running; None if there are none.

    Raises:
        StackError: the bucket can't be read.
    """
    model_id = get_json(stack, "/health", {})["model"]
    try:
        return _read(stack.client("s3"), stack.bucket, model_id, type_id)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {stack.bucket} can't be read: {error}") from None


def _read(s3: Any, bucket: str, model_id: str, type_id: str) -> Encodings | None:
    try:
        data = s3.get_object(Bucket=bucket, Key=keys.encodings_key(model_id, type_id))["Body"].read()
        dimension = safetensors.numpy.load(data)["encodings"].shape[1]
        return encodings_format.load(data, model_id, type_id, dimension)
    except s3.exceptions.NoSuchKey:
        return None
    except (CorruptEncodingsError, safetensors.SafetensorError, KeyError, IndexError) as error:
        raise StackError(f"the encodings of {type_id} can't be trusted: rebuild them ({error})") from None
