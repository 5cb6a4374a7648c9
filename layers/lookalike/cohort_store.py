"""The cohort in the bucket: read once while it does not change, and kept up to date with the encodings."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError
from numpy.typing import NDArray

from lookalike import cohort as cohort_format
from lookalike import keys
from lookalike.cohort import Cohort, CorruptCohortError, prototype
from lookalike.compare_and_swap import Conflict, compare_and_swap
from lookalike.objects import only_if, raise_unless_conflict, read_object, says_unchanged
from lookalike.store import Store

READERS = 8
"""Encodings read at once; a boto3 client keeps 10 connections."""

MAX_TYPES = 20_000
"""The most types that a cohort has: bounds what a query may have to read, 22 MB for 512 dimensions."""

MAX_METADATA_BYTES = 100
"""What the header may hold for a type."""

logger = Logger(child=True)


@dataclass(frozen=True)
class CohortStore:
    """The cohort of one bucket and model, and the last one that was read."""

    store: Store
    _last: dict[str, tuple[Cohort, str]] = field(default_factory=dict, compare=False, repr=False)

    def read(self) -> Cohort | None:
        """The cohort as it is now; None if there is none, or none that can be trusted."""
        cohort, _ = self._read()
        return cohort

    def refresh(self, type_ids: Iterable[str]) -> None:
        """Bring the prototypes of some types to what their encodings say; all of them if there is no cohort.

        Raises:
            ContentionError: others wrote the cohort each time.
        """
        wanted = list(type_ids)
        if wanted:
            compare_and_swap(self._read, lambda cohort: self._reconcile(cohort, wanted), self._write)

    def _reconcile(self, cohort: Cohort | None, type_ids: list[str]) -> Cohort | None:
        # The cohort was read before these encodings: who changes them later comes by here later too.
        if cohort is None:
            type_ids = sorted({*type_ids, *self._encoded_types()})
        with ThreadPoolExecutor(READERS) as threads:
            prototypes = dict(zip(type_ids, threads.map(self._prototype, type_ids), strict=True))
        model = self.store.model
        before = cohort or Cohort.empty(model.model_id, model.dimension)
        after = before.replace(prototypes)
        if len(after.type_ids) > max(MAX_TYPES, len(before.type_ids)):
            logger.error(
                "there are more types than a cohort may have: new ones are left out", types=MAX_TYPES
            )
            return cohort
        return cohort if after is before else after

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

    def _read(self) -> tuple[Cohort | None, str | None]:
        """The cohort and its ETag; one that can't be trusted keeps its ETag, so that it can be replaced."""
        key, client = keys.cohort_key(self.store.model.model_id), self.store.client
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
                raise CorruptCohortError(f"{size:,} bytes, more than {MAX_TYPES:,} types can have")
            cohort = cohort_format.load(data, self.store.model.model_id, self.store.model.dimension)
        except CorruptCohortError as error:
            logger.error("the cohort can't be trusted and will be rebuilt", key=key, reason=str(error))
            return None, etag
        self._last[key] = cohort, etag
        return cohort, etag

    def _write(self, cohort: Cohort | None, expected_etag: str | None) -> None:
        if cohort is None:
            return
        try:
            self.store.client.put_object(
                Bucket=self.store.bucket,
                Key=keys.cohort_key(cohort.model_id),
                Body=cohort_format.dump(cohort),
                ContentType="application/octet-stream",
                **only_if(expected_etag),
            )
        except ClientError as error:
            raise_unless_conflict(error)
            raise Conflict from None
