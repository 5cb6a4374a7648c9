"""Clients as they are on AWS itself, where no emulator shows them."""

import boto3
import pytest

from lookalike.aws.clients import make_client
from lookalike.storage.bucket import Bucket
from lookalike.storage.query_uploads import presign_query_upload


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "eu-south-2", "me-central-1"])
def test_an_upload_goes_to_the_host_of_the_buckets_region(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The global host answers a form by a redirect, which browsers don't follow, or by 400."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session("id", "secret", region_name=region))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    upload = presign_query_upload(Bucket(make_client("s3"), "photos"), "image/png")
    assert upload.post.url == f"https://photos.s3.{region}.amazonaws.com/"
