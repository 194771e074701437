"""`muster deploy` against the embedded engine: the same commands that would go to AWS."""

import os
import subprocess

import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Stack, muster

STAGE = ("--stage", "trial", "--region", "us-east-1", "--no-aws")


def deploy(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    credentials = {name: stack.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    environment = {**os.environ, **credentials, "COLUMNS": "200"}
    return muster("deploy", *STAGE, "--endpoint-url", stack.engine_url, *arguments, env=environment)


def statuses(stack: Stack) -> dict[str, str]:
    stacks = stack.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"]: each["StackStatus"] for each in stacks}


def test_a_dry_run_shows_the_change_set_and_leaves_nothing(stack: Stack) -> None:
    done = deploy(stack, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "CaKey" in done.stdout
    assert "AWS::KMS::Key" in done.stdout
    assert "never on AWS" in done.stdout
    assert "muster-trial" not in statuses(stack)


def test_a_deployment_a_second_one_and_its_outputs(stack: Stack) -> None:
    first = deploy(stack, "--yes")
    assert first.returncode == 0, first.stderr
    assert statuses(stack)["muster-trial"].endswith("_COMPLETE")
    function = stack.client("lambda").get_function_configuration(FunctionName="muster-trial-api")
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    # The console's address is known after the first change set only; a second one tells the functions.
    console = function["Environment"]["Variables"]["MUSTER_CONSOLE_URL"]
    assert console.startswith("https://")
    assert console in first.stdout

    again = deploy(stack, "--yes", "--parameter", "Organization=Example")
    assert again.returncode == 0, again.stderr
    variables = stack.client("lambda").get_function_configuration(FunctionName="muster-trial-api")["Environment"]
    assert variables["Variables"]["MUSTER_ORGANIZATION"] == "Example"
    assert variables["Variables"]["MUSTER_CONSOLE_URL"] == console


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--yes", "--parameter", "nonsense"), "is not NAME=VALUE"),
        (("--yes", "--parameter", "NoSuchParameter=1"), "NoSuchParameter"),
    ],
)
def test_refusals_are_one_sentence(stack: Stack, arguments: tuple[str, ...], says: str) -> None:
    done = deploy(stack, *arguments)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_bucket_for_packages_is_private(stack: Stack) -> None:
    deploy(stack, "--dry-run")
    s3 = stack.client("s3")
    names = [each["Name"] for each in s3.list_buckets()["Buckets"] if each["Name"].startswith("muster-deployments-")]
    assert names
    for name in names:
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        with pytest.raises(ClientError):
            s3.get_bucket_policy(Bucket=name)
