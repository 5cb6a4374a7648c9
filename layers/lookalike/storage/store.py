"""The store: types' images and settings in one bucket, encodings, gallery and queries in another."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from aws_lambda_powertools import Logger

from lookalike import keys
from lookalike.errors import InvalidBoxError, NotFoundError, too_many_images
from lookalike.keys import Folder
from lookalike.matching.encodings import Encodings, Origin, now
from lookalike.matching.gallery import Gallery
from lookalike.matching.settings import (
    MAX_BYTES_OF_SETTINGS,
    StoredSettings,
    TypeSettings,
    parse_settings,
    unreadable,
)
from lookalike.storage import derived, encodings_file, gallery_file
from lookalike.storage.bucket import Bucket, Page, StoredObject
from lookalike.storage.cache import Cache
from lookalike.storage.compare_and_swap import ATTEMPTS, Conflict, ContentionError, tries
from lookalike.storage.derived import Derived
from lookalike.storage.provenance import Provenance, from_metadata, moved_from, to_metadata
from lookalike.vision.boxes import Box
from lookalike.vision.images import MAX_BYTES, check_size

MAX_IMAGES = 50_000
"""The most images a type may have, with its counterexamples: bounds listings, and what encodings take."""

MAX_ROW_METADATA_BYTES = 4096
"""What the header may hold for a row: two keys of 1,024 bytes, escaped, and some short fields."""

MAX_TYPES = 20_000
"""The most types that a gallery has: bounds what a query may have to read, 22 MB for 512 dimensions."""

MAX_TYPE_METADATA_BYTES = 100
"""What the gallery's header may hold for a type."""

logger = Logger(child=True)


@dataclass(frozen=True)
class Store:
    """Two buckets, for one model; `dimension` is that of its encodings.

    Attributes:
        bucket: what people gave: images and settings.
        work: what passes, or can be made again: query photos, encodings, the gallery.
    """

    bucket: Bucket
    work: Bucket
    model_id: str
    dimension: int
    _cache: Cache = field(default_factory=Cache, repr=False, compare=False)

    # Types and their images

    def list_types(self, token: str | None = None, limit: int = 1000) -> Page[str]:
        """The types that have anything in the bucket, in order of their names."""
        page = self.bucket.list_folders(keys.TYPES_PREFIX, token, limit)
        return page._replace(items=[name for name in page.items if keys.is_type_id(name)])

    def list_encoded_types(self) -> Iterator[str]:
        """The types that have encodings, in order of their names."""
        prefix = keys.encodings_prefix(self.model_id)
        for entry in self.work.list_all(prefix):
            type_id = entry.key.removeprefix(prefix).removesuffix(".safetensors")
            if keys.is_type_id(type_id):
                yield type_id

    def has_type(self, type_id: str) -> bool:
        """Whether the bucket holds anything of a type, if only settings."""
        return bool(self.bucket.list_page(keys.type_prefix(type_id), limit=1).items)

    def list_images(
        self, type_id: str, token: str | None = None, limit: int = 1000, folder: Folder = Folder.IMAGES
    ) -> Page[StoredObject]:
        """A page of a type's images or counterexamples, by name; folders' markers are no images."""
        page = self.bucket.list_page(keys.images_prefix(type_id, folder), token, limit)
        return page._replace(items=[entry for entry in page.items if keys.parse_image_key(entry.key)])

    def all_images(self, type_id: str) -> Iterator[StoredObject]:
        """All of a type's images, then all of its counterexamples, in order of their names.

        Raises:
            TooManyImagesError: together there are more than `MAX_IMAGES`.
        """
        count = 0
        for folder in Folder:
            token = None
            while True:
                page = self.list_images(type_id, token, folder=folder)
                count += len(page.items)
                if count > MAX_IMAGES:
                    raise too_many_images(type_id, MAX_IMAGES)
                yield from page.items
                if not (token := page.next_token):
                    break

    def image_etags(self, type_id: str) -> dict[str, str]:
        """ETag of each of a type's images and counterexamples, by key: what its encodings have to say.

        Raises:
            TooManyImagesError: there are more than `MAX_IMAGES`.
        """
        return {image.key: image.etag for image in self.all_images(type_id)}

    def has_image(self, key: str) -> bool:
        """Whether there is such an image."""
        return self.head_image(key) is not None

    def head_image(self, key: str) -> StoredObject | None:
        """An image without its bytes; None if there is none."""
        return self.bucket.head(key)

    def get_image(self, key: str) -> StoredObject:
        """Read an image.

        Raises:
            NotFoundError: there is none.
            ImageTooLargeError: it has more than `MAX_BYTES`; it is not read then.
        """
        return _get_photo(self.bucket, key)

    def get_query(self, key: str) -> StoredObject:
        """Read a query photo that was put through a presigned upload.

        Raises:
            NotFoundError: there is none.
            ImageTooLargeError: it has more than `MAX_BYTES`; it is not read then.
        """
        return _get_photo(self.work, key)

    def put_image(self, key: str, data: bytes, media_type: str, box: Box | None = None) -> str:
        """Put an image or a counterexample, in place of one with the same key; returns its ETag."""
        provenance = Provenance(box=box)
        if keys.is_counterexample(key):
            provenance = Provenance(Origin.COUNTEREXAMPLE, box=box, digest=keys.content_digest(data))
        told = to_metadata(provenance) if provenance != Provenance() else None
        return self.bucket.put(key, data, media_type, told)

    def add_recognized_image(
        self, key: str, data: bytes, media_type: str, provenance: Provenance
    ) -> tuple[str, Provenance]:
        """Put an image that was recognised, unless the key is taken; its ETag and provenance.

        The key is a digest of the bytes, so what is there under it are these very bytes; but the first to put
        them may have found another image nearest.

        Raises:
            ContentionError: others are putting it too, or removing it, each time this is tried; or it is
                there with a box that is wrong.
        """
        for _ in tries(ATTEMPTS):
            try:
                metadata = to_metadata(provenance)
                return self.bucket.put_if(key, data, media_type, metadata, expected_etag=None), provenance
            except Conflict:
                if head := self.bucket.head(key):
                    try:
                        return head.etag, from_metadata(head.metadata)
                    except InvalidBoxError as error:
                        raise ContentionError(f"{key} is there, and can't be encoded: {error}") from error
        raise ContentionError(f"others put or removed {key} in each of {ATTEMPTS} attempts")

    def find_photo(self, key: str) -> StoredObject | None:
        """Read an image, a counterexample or a missed photo; None if there is none.

        Raises:
            ImageTooLargeError: it has more than `MAX_BYTES`; it is not read then.
        """
        try:
            return _get_photo(self._bucket_of(key), key)
        except NotFoundError:
            return None

    def remove_photo(self, photo: StoredObject) -> None:
        """Remove a photo that was moved, unless another has taken its place meanwhile."""
        with suppress(Conflict):
            self._bucket_of(photo.key).delete_if(photo.key, photo.etag)

    def moved_from(self, key: str) -> str | None:
        """The prefix that a verdict moved a photo from; None if there is none, or it was not moved."""
        head = self.bucket.head(key)
        return moved_from(head.metadata) if head else None

    def _bucket_of(self, key: str) -> Bucket:
        return self.bucket if key.startswith(keys.TYPES_PREFIX) else self.work

    def delete_image(self, key: str) -> None:
        """Delete an image.

        Raises:
            NotFoundError: there is none.
        """
        if not self.has_image(key):
            raise NotFoundError(f"there is no {key}")
        self.bucket.delete(key)

    # Encodings

    def read_encodings(self, type_id: str) -> tuple[Encodings | None, str | None]:
        """A type's encodings and their ETag, as `lookalike.storage.derived.read` gives them."""
        return derived.read(self.work, self._cache, self._encodings(type_id))

    def update_encodings(
        self, type_id: str, change: Callable[[Encodings], Encodings], attempts: int = ATTEMPTS
    ) -> Encodings:
        """Change a type's encodings by compare-and-swap; returns them as they are now.

        Args:
            type_id: the type.
            change: gets the encodings as they are now (without a row if there are none), and returns what
                they should be; the same object if nothing has to change. Called again after a lost race.
            attempts: how often to try.

        Raises:
            ContentionError: each attempt lost its race.
        """
        empty = self.no_encodings(type_id)

        def stamped(current: Encodings | None) -> Encodings | None:
            before = current or empty
            after = change(before)
            return current if after is before else replace(after, built_at=now())

        stored = self._encodings(type_id)
        return derived.update(self.work, self._cache, stored, stamped, attempts) or empty

    def no_encodings(self, type_id: str) -> Encodings:
        """A type's encodings without a row."""
        return Encodings.empty(self.model_id, type_id, self.dimension)

    def _encodings(self, type_id: str) -> Derived[Encodings]:
        return Derived(
            keys.encodings_key(self.model_id, type_id),
            MAX_IMAGES * (4 * self.dimension + MAX_ROW_METADATA_BYTES),
            partial(encodings_file.load, empty=self.no_encodings(type_id)),
            encodings_file.dump,
        )

    # The gallery

    def read_gallery(self) -> Gallery | None:
        """The gallery as it is now; None if there is none, or none that can be trusted."""
        stored: Derived[Gallery] = self._gallery()
        return derived.read(self.work, self._cache, stored)[0]

    def update_gallery(self, change: Callable[[Gallery | None], Gallery | None]) -> Gallery | None:
        """Change the gallery by compare-and-swap; returns it as it is now.

        Args:
            change: gets the gallery, or None, and returns what it should be; the same object, or None, if
                nothing has to change.

        Raises:
            ContentionError: each attempt lost its race.
        """
        return derived.update(self.work, self._cache, self._gallery(), change)

    def _gallery(self) -> Derived[Gallery]:
        type_bytes = 2 * self.dimension + MAX_TYPE_METADATA_BYTES
        return Derived(
            keys.gallery_key(self.model_id),
            MAX_TYPES * type_bytes + gallery_file.MAX_FIT_BYTES,
            partial(gallery_file.load, model_id=self.model_id, dimension=self.dimension),
            gallery_file.dump,
        )

    # Settings

    def read_settings(self, type_id: str) -> StoredSettings:
        """A type's own settings; all left out if it has none."""
        key = keys.settings_key(type_id)
        if (stored := self.bucket.get(key, MAX_BYTES_OF_SETTINGS)) is None:
            return StoredSettings()
        if stored.size <= MAX_BYTES_OF_SETTINGS:
            parsed = parse_settings(stored.data)
        else:
            parsed = unreadable(f"{stored.size:,} bytes; at most {MAX_BYTES_OF_SETTINGS:,} are read")
        if parsed.notice:
            logger.warning("a type's settings need a look", type_id=type_id, notice=parsed.notice)
        return parsed

    def write_settings(self, type_id: str, settings: TypeSettings) -> None:
        """Write a type's own settings."""
        data = settings.model_dump_json(exclude_none=True).encode()
        self.bucket.put(keys.settings_key(type_id), data, "application/json")


def _get_photo(bucket: Bucket, key: str) -> StoredObject:
    if (photo := bucket.get(key, MAX_BYTES)) is None:
        raise NotFoundError(f"there is no {key}")
    check_size(photo.size)
    return photo
