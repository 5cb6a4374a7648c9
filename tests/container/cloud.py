"""Bucket, queue and event bus on an emulated AWS, and the events that invoke the functions."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

import boto3

from lookalike.keys import image_key, images_prefix
from lookalike.storage.bucket import Bucket
from lookalike.storage.store import Store
from lookalike.vision.model import ModelDescription
from lookalike_tools.local.emulator import CREDENTIALS, REGION, Emulator

WAIT_SECONDS = 30


class Cloud:
    """A bucket that tells a queue of its images, and an event bus that another queue listens to."""

    def __init__(self, emulator: Emulator) -> None:
        self.endpoint_url = emulator.endpoint_url
        name = f"container-test-{uuid4().hex[:12]}"
        self.bucket, self.work_bucket = name, f"{name}-work"
        self.s3, self.sqs, events = map(self._client, ("s3", "sqs", "events"))
        self.queue_url, self.queue_arn = self._create_queue(name)
        self.told_url, told_arn = self._create_queue(f"{name}-told")
        for bucket in (self.bucket, self.work_bucket):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_notification_configuration(
            Bucket=name,
            NotificationConfiguration={
                "QueueConfigurations": [{"QueueArn": self.queue_arn, "Events": ["s3:ObjectCreated:*"]}]
            },
        )
        events.put_rule(Name=name, EventPattern='{"source": ["lookalike"]}')
        events.put_targets(Rule=name, Targets=[{"Id": "told", "Arn": told_arn}])

    def environment(self) -> dict[str, str]:
        """The variables of a deployed function, and the way to the emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": CREDENTIALS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS["aws_secret_access_key"],
            "BUCKET_NAME": self.bucket,
            "WORK_BUCKET_NAME": self.work_bucket,
            "QUEUE_URL": self.queue_url,
            "EVENT_BUS_NAME": "default",
            "THRESHOLD": "0.92",
            "MODEL_DIR": "/opt/model",
            "MALLOC_MMAP_THRESHOLD_": "1048576",
            "POWERTOOLS_METRICS_NAMESPACE": "Lookalike",
            "POWERTOOLS_SERVICE_NAME": "container-test",
        }

    def store(self, model: ModelDescription) -> Store:
        """The buckets, as seen with a model."""
        bucket, work = Bucket(self.s3, self.bucket), Bucket(self.s3, self.work_bucket)
        return Store(bucket, work, model.model_id, model.dimension)

    def put_photos(self, type_id: str, photos: list[bytes]) -> dict[str, Any]:
        """Put a type's photos into the bucket; the SQS event that Lambda gets for them."""
        for number, photo in enumerate(photos):
            self.s3.put_object(Bucket=self.bucket, Key=image_key(type_id, f"{number}.jpg"), Body=photo)
        return self._receive(images_prefix(type_id), len(photos))

    def wait_until_told(self, detail_type: str, type_id: str) -> dict[str, Any]:
        """The details of an event that comes through the event bus."""
        give_up = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up:
            for message in self._take(self.told_url):
                event = json.loads(message["Body"])
                if (event["detail-type"], event["detail"]["type_id"]) == (detail_type, type_id):
                    detail: dict[str, Any] = event["detail"]
                    return detail
        raise AssertionError(f"no {detail_type!r} of {type_id} came through the event bus")

    def _receive(self, prefix: str, count: int) -> dict[str, Any]:
        """Messages about keys with a prefix, as an SQS event source hands them to Lambda."""
        records: list[dict[str, Any]] = []
        give_up = time.monotonic() + WAIT_SECONDS
        while len(records) < count and time.monotonic() < give_up:
            for message in self._take(self.queue_url):
                if prefix in message["Body"]:
                    records.append(sqs_record(message["Body"], self.queue_arn, message))
        assert len(records) == count, f"S3 told of {len(records)} of {count} photos"
        return {"Records": records}

    def _take(self, queue_url: str) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1, AttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def _create_queue(self, name: str) -> tuple[str, str]:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, attributes["Attributes"]["QueueArn"]

    def _client(self, service: str) -> Any:
        session: Any = boto3.Session(region_name=REGION, **CREDENTIALS)
        return session.client(service, endpoint_url=self.endpoint_url)


def sqs_record(body: str, queue_arn: str, message: dict[str, Any]) -> dict[str, Any]:
    """A message as it stands in the event that Lambda hands to a function."""
    return {
        "messageId": message.get("MessageId", str(uuid4())),
        "receiptHandle": message.get("ReceiptHandle", "receipt"),
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"} | message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def recognize_event(type_id: str, image: bytes, **query: str) -> dict[str, Any]:
    """What an HTTP API hands to Lambda for `POST /types/{type_id}/recognize`: version 2.0 of its format."""
    path = f"/types/{type_id}/recognize"
    return {
        "version": "2.0",
        "routeKey": "POST /types/{type_id}/recognize",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {"content-type": "image/jpeg", "content-length": str(len(image))},
        "queryStringParameters": query,
        "pathParameters": {"type_id": type_id},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "container-test",
            "domainName": "container-test.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "container-test",
            },
            "requestId": str(uuid4()),
            "routeKey": "POST /types/{type_id}/recognize",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
        },
        "body": base64.b64encode(image).decode(),
        "isBase64Encoded": True,
    }
