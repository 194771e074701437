"""Deploys to the embedded engine as `muster deploy` does to AWS, and does what CloudFormation there leaves out."""

import time
from collections.abc import Callable, Mapping

from chalicelib.cli import vendor
from chalicelib.cli.dev.engine import REGION, Engine
from chalicelib.cli.dev.state import DevError, State
from chalicelib.cli.package import build
from chalicelib.cli.stack import DeployError, Stack, ensure_bucket
from chalicelib.cli.vendor import PackagingError

NAME, BUCKET = "muster", "muster-deployments"
TABLES = ("CoreTableName", "CommandsTableName", "AuditTableName", "IdempotencyTableName")
FRESH = 2  # seconds that outputs are believed


class Deployment:
    """`created` tells that the stack is new, `changed` that something was deployed."""

    def __init__(self, engine: Engine, state: State) -> None:
        self._engine, self._state = engine, state
        self._stack = Stack(NAME, BUCKET, engine.client, poll=0.02)
        self._outputs: dict[str, str] = {}
        self._read_at = 0.0
        self.created = self.changed = False

    def update(self, parameters: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Deploys when the code, the template or a parameter is another than last time."""
        try:
            say("Packaging …")
            package = build(vendor.LOCAL)
            version = f"{package.template.parent.name} {sorted(parameters.items())}"
            self.created = not self._stack.exists()
            if not self.created and self._state.recall().get("deployed") == version:
                return
            say("Deploying infra/core.yaml to the embedded engine …")
            ensure_bucket(self._engine.client, BUCKET, REGION)
            self._forget_packages()
            change_set = self._stack.propose(self._stack.upload(package), parameters)
            if change_set.changes:
                self._stack.execute(change_set)
        except (PackagingError, DeployError) as error:
            raise DevError(str(error)) from error
        self._enable_ttl()
        self._state.remember(deployed=version)
        self.changed = True

    def outputs(self) -> Mapping[str, str]:
        """Read again every two seconds: a redeployment gives the REST API another address."""
        if time.monotonic() - self._read_at > FRESH:
            self._outputs, self._read_at = self._stack.outputs(), time.monotonic()
        return self._outputs

    def environment(self) -> dict[str, str]:
        """What the functions see, for a process on this machine that does their work."""
        api = self._engine.client("lambda").get_function_configuration(FunctionName=self.outputs()["APIHandlerName"])
        return dict(api["Environment"]["Variables"]) | {
            "AWS_ENDPOINT_URL": self._engine.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self._engine.access_key,
            "AWS_SECRET_ACCESS_KEY": self._engine.secret_key,
        }

    def _forget_packages(self) -> None:
        """The functions keep what they were deployed with; earlier zips would fill the state folder."""
        s3 = self._engine.client("s3")
        for old in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            s3.delete_object(Bucket=BUCKET, Key=old["Key"])

    def _enable_ttl(self) -> None:
        """MiniStack's CloudFormation passes over TimeToLiveSpecification."""
        dynamodb, outputs = self._engine.client("dynamodb"), self._stack.outputs()
        for name in (outputs[table] for table in TABLES):
            described = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            if described.get("TimeToLiveStatus") != "ENABLED":
                setting = {"Enabled": True, "AttributeName": "expires"}
                dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)
