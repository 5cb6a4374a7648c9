"""A live stack, on AWS or on this machine: where its parts are, and signed calls to its API."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lookalike.errors import LookalikeError
from lookalike.matching.settings import Look

LOCAL_STACK_NAME = "lookalike"
REQUEST_SECONDS = 60


class StackError(LookalikeError):
    """The stack does not do what was asked."""


class WrongUseError(StackError):
    """What was asked can't be: what it names is not there."""

    exit_status = 2


class StackUnreachableError(StackError):
    """The stack can't be found, or does not answer."""

    exit_status = 3


@dataclass(frozen=True)
class Stack:
    """A deployed stack.

    Attributes:
        name: of the CloudFormation stack.
        api_url: address of its API, without a slash at the end.
        bucket: name of its bucket of photos.
        work_bucket: name of its bucket of encodings and queries.
        queue_url: its queue of types to rebuild.
        dead_letter_queue_url: the queue of messages that failed too often.
        inbox_queue_url: its queue of photos of the inbox.
        inbox_dead_letter_queue_url: the queue of those that could not be answered.
        region: AWS region.
        endpoint_url: address of the emulated AWS; None on AWS itself.
        session: the credentials to use.
        odds: by probability, of a type against all else before the photo is seen.
        look: where in a photo objects are looked for, of types that don't say it themselves.
    """

    name: str
    api_url: str
    bucket: str
    work_bucket: str
    queue_url: str
    dead_letter_queue_url: str
    inbox_queue_url: str
    inbox_dead_letter_queue_url: str
    region: str
    endpoint_url: str | None
    session: boto3.Session
    odds: float
    look: Look

    def client(self, service: str) -> Any:
        """A boto3 client for one of AWS's services."""
        return make_client(self.session, service, self.endpoint_url)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the API, signed as IAM authorization asks for.

        Args:
            method: GET, POST, PUT or DELETE.
            path: of the route, as the API's description has it.
            options: as `requests.request` takes them.

        Raises:
            StackUnreachableError: the API can't be reached, or there are no credentials.
        """
        try:
            return self.send(method, self.api_url + path, auth=self._sign, **options)
        except requests.RequestException as error:
            raise StackUnreachableError(f"the API at {self.api_url} can't be reached: {error}") from error

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request to any address of the stack, unsigned, as `requests.request` does."""
        with requests.Session() as session:
            # An emulated AWS is on this machine, where no proxy leads.
            session.trust_env = self.endpoint_url is None
            return session.request(method, url, timeout=REQUEST_SECONDS, **options)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        credentials = self.session.get_credentials()
        if credentials is None:
            raise StackUnreachableError("there are no AWS credentials: set a profile, or sign in")
        signed = AWSRequest(request.method, request.url, request.headers, request.body)
        SigV4Auth(credentials, "execute-api", self.region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


def make_client(session: boto3.Session, service: str, endpoint_url: str | None) -> Any:
    """A boto3 client for one of AWS's services, emulated if there is an endpoint."""
    any_session: Any = session
    # An emulated AWS is on this machine, where no proxy leads.
    config = Config(proxies={}) if endpoint_url else None
    return any_session.client(service, endpoint_url=endpoint_url, config=config)


def find_stack(name: str) -> Stack:
    """Find a live stack.

    Args:
        name: of the CloudFormation stack, in the account and region that boto3 finds; or the path of the
            ready file that `lookalike local` wrote.

    Raises:
        WrongUseError: it is no stack of Lookalike's, or there is no such file.
        StackUnreachableError: there is no such stack, or no credentials, region or network to find it with.
    """
    if Path(name).is_file():
        return _find_local_stack(Path(name))
    if not name.startswith("arn:") and re.search(r"[^A-Za-z0-9-]", name):
        raise WrongUseError(
            f"there is no file {name!r}, and a deployed stack has no such name: "
            f"'lookalike local --ready-file FILE' writes a file while its stack runs"
        )
    session = boto3.Session()
    return read_outputs(session, name, None)


def read_outputs(session: boto3.Session, name: str, endpoint_url: str | None) -> Stack:
    """A stack as the outputs of its template describe it.

    Raises:
        WrongUseError: it is no stack of Lookalike's.
        StackUnreachableError: it can't be described.
    """
    try:
        client = make_client(session, "cloudformation", endpoint_url)
        (described,) = client.describe_stacks(StackName=name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        parameters = {
            each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])
        }
        return Stack(
            name=name,
            api_url=outputs["ApiUrl"],
            bucket=outputs["BucketName"],
            work_bucket=outputs["WorkBucketName"],
            queue_url=outputs["QueueUrl"],
            dead_letter_queue_url=outputs["DeadLetterQueueUrl"],
            inbox_queue_url=outputs["InboxQueueUrl"],
            inbox_dead_letter_queue_url=outputs["InboxDeadLetterQueueUrl"],
            region=client.meta.region_name,
            endpoint_url=endpoint_url,
            session=session,
            odds=float(parameters.get("Odds", 1)),
            look=Look(parameters.get("Look", Look.CENTRE)),
        )
    except (BotoCoreError, ClientError) as error:
        raise StackUnreachableError(
            f"no stack {name!r} can be found: {str(error).rstrip('.')}. Give the name of a deployed stack, "
            "with AWS credentials and region set, or the ready file of a local one"
        ) from None
    except KeyError as error:
        raise WrongUseError(
            f"the stack {name!r} is not a Lookalike stack: it has no output {error}"
        ) from None


def local_session(region: str) -> boto3.Session:
    """The credentials and region of an emulated AWS; they open nothing elsewhere."""
    return boto3.Session("test", "test", region_name=region)


def _find_local_stack(ready_file: Path) -> Stack:
    try:
        ready = json.loads(ready_file.read_text())
        session, endpoint_url = local_session(ready["region"]), ready["endpoint_url"]
        stack = read_outputs(session, LOCAL_STACK_NAME, endpoint_url)
        return replace(stack, api_url=ready["api_url"])
    except (ValueError, KeyError, TypeError):
        raise WrongUseError(f"{ready_file} is no ready file of a local stack") from None
