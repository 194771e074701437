"""What each role may do, against what the code does: nothing that is never used, nothing wider than it is used."""

import re
from pathlib import Path

from tests.unit.infra.test_templates import Template, listed, resources, statements

# What the services do in a function's name, without a line of ours.
BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:SendMessage",  # to a dead-letter queue
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
# What an operation needs: a transaction has a right for each kind of write, S3 answers 404 only to who may list.
NEEDS = {
    "TransactWriteItems": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    "SendMessageBatch": {"sqs:SendMessage*"},
    "s3.GET": {"s3:GetObject", "s3:ListBucket"},
    "s3.PUT": {"s3:PutObject"},
}
SERVICES = {"DYNAMODB": "dynamodb", "COGNITO": "cognito-idp", "SQS": "sqs", "KMS": "kms"}


def used(project: Path) -> set[str]:
    """Every right that a call in storage/aws asks for."""
    rights: set[str] = set()
    for path in (project / "chalicelib/storage/aws").glob("*.py"):
        text = path.read_text()
        calls = [(SERVICES[name], operation) for name, operation in re.findall(r'call\(\s*([A-Z]+), "(\w+)"', text)]
        calls += [("kms", operation) for operation in re.findall(r'_call\(self\._session, "(\w+)"', text)]
        calls += [("s3", f"s3.{method}") for method in re.findall(r'\.s3\("(\w+)"', text)]
        for service, operation in calls:
            rights |= NEEDS.get(operation, {f"{service}:{operation}"})
    return rights


def rights(core: Template) -> dict[tuple[str, str], set[str]]:
    """(role or policy, its resource) → actions."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, resource, statement in statements(core):
        if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::Policy"):
            for each in listed(statement["Resource"]):
                place = each if isinstance(each, str) else ".".join(listed(each.get("Fn::GetAtt", each.get("Fn::Sub"))))
                found.setdefault((name, place), set()).update(listed(statement["Action"]))
    return found


def test_no_role_has_a_right_that_no_code_uses(core: Template, project: Path) -> None:
    known = used(project) | BY_LAMBDA
    assert {"dynamodb:BatchGetItem", "kms:Decrypt", "s3:PutObject", "cognito-idp:AdminInitiateAuth"} <= known
    for (role, place), actions in rights(core).items():
        assert actions <= known, (role, place)


def test_nobody_can_change_or_remove_an_audit_entry(core: Template) -> None:
    """PutItem is only ever sent with attribute_not_exists; what was overwritten in spite of it breaks the chain."""
    found = {role: actions for (role, place), actions in rights(core).items() if place == "AuditTable.Arn"}
    assert len(found) == 6
    assert set.union(*found.values()) == {"dynamodb:Query", "dynamodb:PutItem"}


def test_who_reads_many_records_at_once(core: Template) -> None:
    many = {key for key, actions in rights(core).items() if "dynamodb:BatchGetItem" in actions}
    assert many == {
        ("ApiRole", "CommandsTable.Arn"),
        ("WakeRole", "CommandsTable.Arn"),
        ("ReportsRole", "CommandsTable.Arn"),
        ("SweepRole", "CoreTable.Arn"),
    }


def test_who_may_touch_which_files(core: Template) -> None:
    files = {key: {each[3:] for each in actions} for key, actions in rights(core).items() if "Bucket" in key[1]}
    assert files == {
        ("ApiRole", "${ArtifactsBucket.Arn}/reports/*"): {"GetObject"},
        ("ApiRole", "${ArtifactsBucket.Arn}/inventory/*"): {"GetObject"},
        ("ApiRole", "${ArtifactsBucket.Arn}/audit-exports/*"): {"GetObject", "PutObject"},
        ("GatewayRole", "${ArtifactsBucket.Arn}/inventory/*"): {"GetObject", "PutObject"},
        ("GatewayRole", "${ArtifactsBucket.Arn}/windows/sessions/*"): {"GetObject", "PutObject"},
        ("SignerRole", "${ArtifactsBucket.Arn}/pki/crl.der"): {"GetObject", "PutObject"},
        ("SignerRole", "ArtifactsBucket.Arn"): {"ListBucket"},
        ("ReportsRole", "${ArtifactsBucket.Arn}/reports/*"): {"PutObject"},
        ("EvidenceRole", "${EvidenceBucket.Arn}/audit/*"): {"GetObject", "PutObject"},
        ("NightlyRole", "${EvidenceBucket.Arn}/heads/*"): {"GetObject", "PutObject"},
    }


def test_every_key_that_code_writes_lies_below_a_prefix_of_a_role(core: Template, project: Path) -> None:
    keys = {
        prefix
        for path in (project / "chalicelib").rglob("*.py")
        for prefix in re.findall(r'"(pki/crl\.der|windows/sessions/|[a-z-]+/)(?=[{"])[^"]*"', path.read_text())
        if path.parts[-2] in ("core", "workers", "api", "windows")
    }
    granted = {re.sub(r"^\$\{\w+\.Arn\}/|\*$", "", place) for _, place in rights(core) if "Bucket.Arn}/" in place}
    assert keys == granted


def test_who_may_open_and_seal_secrets(core: Template) -> None:
    secrets = {role: actions for (role, place), actions in rights(core).items() if place == "SecretsKey.Arn"}
    both = {"kms:Decrypt", "kms:GenerateDataKey"}
    assert secrets == {"ApiRole": both, "GatewayRole": both, "SignerRole": both, "WakeRole": {"kms:Decrypt"}}


def test_the_looked_at_roles_are_all_roles(core: Template) -> None:
    assert {role for role, _ in rights(core)} == {*resources(core, "AWS::IAM::Role"), "SignerKeyPolicy"}
