"""The gallery in the bucket: read once while it does not change, and kept up to date with the encodings."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from numpy.typing import NDArray

from lookalike import keys
from lookalike.matching import gallery as gallery_format
from lookalike.matching.gallery import CorruptGalleryError, Gallery, prototype
from lookalike.storage.bucket import only_if, raise_unless_conflict, read_object, says_unchanged
from lookalike.storage.compare_and_swap import Conflict, compare_and_swap
from lookalike.storage.store import Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

MAX_TYPES = 20_000
"""The most types that a gallery has: bounds what a query may have to read, 22 MB for 512 dimensions."""

MAX_METADATA_BYTES = 100
"""What the header may hold for a type."""

logger = Logger(child=True)


@dataclass(frozen=True)
class GalleryStore:
    """The gallery of one bucket and model, and the last one that was read."""

    store: Store
    _last: dict[str, tuple[Gallery, str]] = field(default_factory=dict, compare=False, repr=False)

    def read(self) -> Gallery | None:
        """The gallery as it is now; None if there is none, or none that can be trusted."""
        gallery, _ = self._read()
        return gallery

    def refresh(self, type_ids: Iterable[str]) -> None:
        """Bring the prototypes of some types to what their encodings say; all of them if there is no gallery.

        Raises:
            ContentionError: others wrote the gallery each time.
        """
        wanted = list(type_ids)
        if wanted:
            compare_and_swap(self._read, lambda gallery: self._reconcile(gallery, wanted), self._write)

    def _reconcile(self, gallery: Gallery | None, type_ids: list[str]) -> Gallery | None:
        # The gallery was read before these encodings: who changes them later comes by here later too.
        if gallery is None:
            type_ids = sorted({*type_ids, *self._encoded_types()})
        with ThreadPoolExecutor(READERS) as threads:
            prototypes = dict(zip(type_ids, threads.map(self._prototype, type_ids), strict=True))
        model = self.store.model
        before = gallery or Gallery.empty(model.model_id, model.dimension)
        after = before.replace(prototypes)
        if len(after.type_ids) > max(MAX_TYPES, len(before.type_ids)):
            logger.error(
                "there are more types than a gallery may have: new ones are left out", types=MAX_TYPES
            )
            return gallery
        return gallery if after is before else after

    def _prototype(self, type_id: str) -> NDArray[np.float32] | None:
        encodings, _ = self.store.read_encodings(type_id)
        return prototype(encodings.matrix) if encodings and encodings.rows else None

    def _encoded_types(self) -> Iterator[str]:
        prefix = keys.encodings_prefix(self.store.model.model_id)
        pages = self.store.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.store.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                type_id = entry["Key"].removeprefix(prefix).removesuffix(".safetensors")
                if keys.is_type_id(type_id):
                    yield type_id

    def _read(self) -> tuple[Gallery | None, str | None]:
        """The gallery and its ETag; one that can't be trusted keeps its ETag, so that it can be replaced."""
        key, client = keys.gallery_key(self.store.model.model_id), self.store.client
        last = self._last.get(key)
        condition = {"IfNoneMatch": last[1]} if last else {}
        limit = MAX_TYPES * (2 * self.store.model.dimension + MAX_METADATA_BYTES) + MAX_METADATA_BYTES
        try:
            answer, data = read_object(client, self.store.bucket, key, limit, **condition)
        except client.exceptions.NoSuchKey:
            return None, None
        except ClientError as error:
            if last and says_unchanged(error):
                return last
            raise
        etag, size = answer["ETag"], answer["ContentLength"]
        try:
            if size > limit:
                raise CorruptGalleryError(f"{size:,} bytes, more than {MAX_TYPES:,} types can have")
            gallery = gallery_format.load(data, self.store.model.model_id, self.store.model.dimension)
        except CorruptGalleryError as error:
            logger.error("the gallery can't be trusted and will be rebuilt", key=key, reason=str(error))
            return None, etag
        self._last[key] = gallery, etag
        return gallery, etag

    def _write(self, gallery: Gallery | None, expected_etag: str | None) -> None:
        if gallery is None:
            return
        try:
            self.store.client.put_object(
                Bucket=self.store.bucket,
                Key=keys.gallery_key(gallery.model_id),
                Body=gallery_format.dump(gallery),
                ContentType="application/octet-stream",
                **only_if(expected_etag),
            )
        except ClientError as error:
            raise_unless_conflict(error)
            raise Conflict from None
