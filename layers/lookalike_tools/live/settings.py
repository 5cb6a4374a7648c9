"""Types' own settings in a live stack."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lookalike.keys import settings_key
from lookalike.matching.settings import Look, Rule, StoredSettings, parse_settings
from lookalike_tools.live.api import put_json, read_type
from lookalike_tools.live.stack import Stack, StackError

THREADS = 8


def read_settings(stack: Stack, type_ids: Sequence[str]) -> Iterator[StoredSettings]:
    """Each type's own settings, in order; all left out of a type that has none.

    Raises:
        StackError: the bucket can't be read.
    """
    s3 = stack.client("s3")

    def read(type_id: str) -> StoredSettings:
        try:
            body = s3.get_object(Bucket=stack.bucket, Key=settings_key(type_id))["Body"]
            return parse_settings(body.read())
        except s3.exceptions.NoSuchKey:
            return StoredSettings()
        except (BotoCoreError, ClientError) as error:
            raise StackError(f"the bucket {stack.bucket} can't be read: {error}") from None

    with ThreadPoolExecutor(THREADS) as threads:
        yield from threads.map(read, type_ids)


def set_threshold(stack: Stack, type_id: str, rule: Rule, threshold: float) -> dict[str, Any]:
    """Write a type's rule and threshold; its other settings stay. Returns all of them.

    Raises:
        StackError: the API refuses them, or writing would drop what nobody has put right yet.
    """
    state = read_type(stack, type_id)
    if state["notice"]:
        raise StackError(f"the settings of {type_id} are left as they are: {state['notice']}")
    if (state["settings"].get("look") or stack.look) == Look.ANYWHERE:
        raise StackError(
            f"the settings of {type_id} are left as they are: this threshold is measured on the middles of "
            "photos, and would be too low for a type that is looked for anywhere in them"
        )
    # The threshold suits the scores of uploaded photos: what is appended should resemble those.
    chosen = {"rule": str(rule), "threshold": threshold}
    written: dict[str, Any] = {"vouch": "uploaded"} | state["settings"] | chosen
    put_json(stack, f"/types/{type_id}/settings", written)
    return written
