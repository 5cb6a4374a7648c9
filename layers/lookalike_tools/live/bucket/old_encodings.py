"""Encodings by models that no longer run, in the bucket of a live stack."""

from lookalike.keys import encodings_prefix, gallery_key
from lookalike_tools.live.api import running_model
from lookalike_tools.live.stack import Stack, StackError

DELETES_A_CALL = 1000  # S3 takes no more in one DeleteObjects


def old_models(stack: Stack) -> list[str]:
    """The models that have encodings in the bucket, but are not the one that is running."""
    running = running_model(stack)
    pages = stack.client("s3").get_paginator("list_objects_v2")
    prefixes = [
        entry["Prefix"]
        for page in pages.paginate(Bucket=stack.work_bucket, Prefix="encodings/", Delimiter="/")
        for entry in page.get("CommonPrefixes", [])
    ]
    models = [prefix.removeprefix("encodings/").rstrip("/") for prefix in prefixes]
    return [model for model in models if model != running]


def remove_encodings(stack: Stack, model_id: str) -> int:
    """Remove all encodings by a model, which can be built again from the images; returns of how many types.

    Raises:
        StackError: some can't be removed.
    """
    s3 = stack.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=stack.work_bucket, Prefix=encodings_prefix(model_id)
    )
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    for start in range(0, len(keys), DELETES_A_CALL):
        objects = [{"Key": key} for key in keys[start : start + DELETES_A_CALL]]
        answer = s3.delete_objects(Bucket=stack.work_bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            raise StackError(f"{errors[0]['Key']} can't be removed: {errors[0]['Message']}")
    return len(set(keys) - {gallery_key(model_id)})
