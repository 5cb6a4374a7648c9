"""The encodings and the gallery that a live stack decides by, read from its bucket."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import safetensors.numpy
from botocore.exceptions import BotoCoreError, ClientError

from lookalike import keys
from lookalike.matching.encodings import Encodings
from lookalike.matching.gallery import Gallery
from lookalike.storage import gallery_file
from lookalike.storage.encodings_file import load
from lookalike.storage.tensor_files import CorruptFileError
from lookalike_tools.live.api import running_model
from lookalike_tools.live.stack import Stack, StackError

THREADS = 8


def list_encoded_types(stack: Stack) -> list[str]:
    """The types that have encodings by the model that is running.

    Raises:
        StackError: the bucket can't be listed.
    """
    return list(list_encodings(stack, running_model(stack)).types)


class ListedEncodings(NamedTuple):
    """The ETags of each type's encodings, by the type, and of the gallery: None if there is none yet."""

    types: dict[str, str]
    gallery: str | None


def list_encodings(stack: Stack, model_id: str) -> ListedEncodings:
    """What a model has encoded, as a listing tells: encodings that change get another ETag.

    Raises:
        StackError: the bucket can't be listed.
    """
    prefix = keys.encodings_prefix(model_id)
    pages = stack.client("s3").get_paginator("list_objects_v2")
    try:
        listed = pages.paginate(Bucket=stack.work_bucket, Prefix=prefix)
        etags = {entry["Key"]: entry["ETag"] for page in listed for entry in page.get("Contents", [])}
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {stack.work_bucket} can't be listed: {error}") from None
    names = {key.removeprefix(prefix).removesuffix(".safetensors"): etag for key, etag in etags.items()}
    return ListedEncodings(
        {name: etag for name, etag in names.items() if keys.is_type_id(name)},
        etags.get(keys.gallery_key(model_id)),
    )


def read_encodings(stack: Stack, type_ids: Sequence[str]) -> Iterator[Encodings | None]:
    """Each type's encodings by the model that is running, in order; None for a type that has none.

    Raises:
        StackError: the bucket can't be read, or encodings are corrupt.
    """
    model_id, s3 = running_model(stack), stack.client("s3")
    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(lambda type_id: _read(s3, stack.work_bucket, model_id, type_id), type_ids)


def read_gallery(stack: Stack) -> Gallery:
    """What the stack knows of all types, by the model that is running.

    Raises:
        StackError: there is none yet, the bucket can't be read, or the gallery is corrupt.
    """
    model_id, s3 = running_model(stack), stack.client("s3")
    try:
        data = s3.get_object(Bucket=stack.work_bucket, Key=keys.gallery_key(model_id))["Body"].read()
        return gallery_file.load(data, model_id, safetensors.numpy.load(data)["means"].shape[1])
    except s3.exceptions.NoSuchKey:
        raise StackError(
            "the stack has not learnt from its types yet: `lookalike rebuild --all` makes it"
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {stack.work_bucket} can't be read: {error}") from None
    except (CorruptFileError, safetensors.SafetensorError, KeyError, IndexError) as error:
        raise StackError(
            f"the gallery can't be trusted: `lookalike rebuild --all` makes it anew ({error})"
        ) from None


def _read(s3: Any, bucket: str, model_id: str, type_id: str) -> Encodings | None:
    try:
        data = s3.get_object(Bucket=bucket, Key=keys.encodings_key(model_id, type_id))["Body"].read()
        dimension = safetensors.numpy.load(data)["encodings"].shape[1]
        return load(data, Encodings.empty(model_id, type_id, dimension))
    except s3.exceptions.NoSuchKey:
        return None
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the bucket {bucket} can't be read: {error}") from None
    except (CorruptFileError, safetensors.SafetensorError, KeyError, IndexError) as error:
        raise StackError(f"the encodings of {type_id} can't be trusted: rebuild them ({error})") from None
