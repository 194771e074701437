"""A CloudFormation stack: upload, change set, execute, outputs. The same for AWS and for the embedded engine."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.cli.package import CODE, Package

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
WAIT = 1800  # seconds; a first deployment with domains takes about ten minutes


class DeployError(Exception):
    """`str(error)` says what CloudFormation refused."""


@dataclass(frozen=True, slots=True)
class Change:
    action: str
    kind: str
    name: str
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """`client` makes a boto3 client of a service; `poll` is the pause between two looks, in seconds."""

    name: str
    bucket: str
    client: Callable[[str], Any]
    poll: float = 3
    tags: Mapping[str, str] = field(default_factory=dict)

    def outputs(self) -> dict[str, str]:
        stack = self._describe()
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}

    def parameters(self) -> dict[str, str]:
        """What the stack was deployed with last."""
        return {entry["ParameterKey"]: entry["ParameterValue"] for entry in self._describe().get("Parameters", ())}

    def upload(self, package: Package) -> str:
        """Puts the zip and the template into the bucket; the URL of the template."""
        code = package.archive.read_bytes()
        key = f"{self.name}/{hashlib.sha256(code).hexdigest()[:32]}.zip"
        template = json.loads(package.template.read_text())
        for resource in template["Resources"].values():
            if resource.get("Properties", {}).get("CodeUri") == CODE:
                resource["Properties"]["CodeUri"] = {"Bucket": self.bucket, "Key": key}
        body = json.dumps(template, separators=(",", ":")).encode()
        template_key = f"{self.name}/{hashlib.sha256(body).hexdigest()[:32]}.json"
        s3 = self.client("s3")
        for name, content in ((key, code), (template_key, body)):
            s3.put_object(Bucket=self.bucket, Key=name, Body=content)
        return f"{s3.meta.endpoint_url}/{self.bucket}/{template_key}"

    def propose(self, template_url: str, parameters: Mapping[str, str]) -> ChangeSet:
        """A change set that waits for `execute` or `discard`; no changes: an empty one, discarded already."""
        cloudformation = self.client("cloudformation")
        made = cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"muster-{time.time_ns()}",
            ChangeSetType="UPDATE" if self._status() not in ("", "REVIEW_IN_PROGRESS") else "CREATE",
            TemplateURL=template_url,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())],
            Capabilities=CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
        )
        found = self._await_change_set(str(made["Id"]))
        if found["Status"] == "FAILED":
            self.discard(ChangeSet(made["Id"], ()))
            if _unchanged(found.get("StatusReason", "")):
                return ChangeSet(made["Id"], ())
            raise DeployError(f"CloudFormation refused the change set: {found.get('StatusReason', 'no reason given')}")
        return ChangeSet(made["Id"], self._changes(made["Id"]))

    def execute(self, change_set: ChangeSet) -> None:
        cloudformation = self.client("cloudformation")
        cloudformation.execute_change_set(ChangeSetName=change_set.id, StackName=self.name)
        status = self._await_stack()
        if not status.endswith("_COMPLETE") or "ROLLBACK" in status:
            raise DeployError(f"The stack {self.name} is {status}: {self._first_failure()}")

    def discard(self, change_set: ChangeSet) -> None:
        """Deletes the change set, and the empty stack that a first one leaves behind."""
        cloudformation = self.client("cloudformation")
        cloudformation.delete_change_set(ChangeSetName=change_set.id, StackName=self.name)
        if self._status() == "REVIEW_IN_PROGRESS":
            cloudformation.delete_stack(StackName=self.name)

    def exists(self) -> bool:
        return self._status() not in ("", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE")

    def _describe(self) -> dict[str, Any]:
        try:
            stacks = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return {}
            raise
        return dict(stacks[0])

    def _status(self) -> str:
        return str(self._describe().get("StackStatus", ""))

    def _await_change_set(self, change_set: str) -> dict[str, Any]:
        def look() -> dict[str, Any]:
            return dict(
                self.client("cloudformation").describe_change_set(ChangeSetName=change_set, StackName=self.name)
            )

        return self._await(look, lambda found: found["Status"] in ("CREATE_COMPLETE", "FAILED"))

    def _await_stack(self) -> str:
        found = self._await(self._describe, lambda stack: not str(stack.get("StackStatus", "")).endswith("_PROGRESS"))
        return str(found.get("StackStatus", "DELETE_COMPLETE"))

    def _await(self, look: Callable[[], dict[str, Any]], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT
        while not done(found := look()):
            if time.monotonic() > deadline:
                raise DeployError(f"The stack {self.name} is not ready after {WAIT // 60} minutes: see the console.")
            time.sleep(self.poll)
        return found

    def _changes(self, change_set: str) -> tuple[Change, ...]:
        pages = self.client("cloudformation").get_paginator("describe_change_set")
        found = []
        for page in pages.paginate(ChangeSetName=change_set, StackName=self.name):
            for change in page.get("Changes", ()):
                detail = change["ResourceChange"]
                found.append(
                    Change(
                        detail["Action"],
                        detail["ResourceType"],
                        detail["LogicalResourceId"],
                        detail.get("Replacement", ""),
                    )
                )
        return tuple(found)

    def _first_failure(self) -> str:
        events = self.client("cloudformation").describe_stack_events(StackName=self.name)["StackEvents"]
        failures = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        if not failures:
            return "no reason given"
        return f"{failures[-1]['LogicalResourceId']}: {failures[-1].get('ResourceStatusReason', 'no reason given')}"


def _unchanged(reason: str) -> bool:
    return "didn't contain changes" in reason or "No updates are to be performed" in reason


def ensure_bucket(client: Callable[[str], Any], name: str, region: str) -> None:
    """The private bucket for zips and templates."""
    s3 = client("s3")
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise DeployError(f"The bucket {name} cannot be used: {error}") from error
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )


def zip_size(package: Package) -> float:
    """Megabytes."""
    return package.archive.stat().st_size / 1e6
