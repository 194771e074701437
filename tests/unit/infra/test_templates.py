"""What the deployed templates promise: least privilege, nothing public, nothing lost in silence."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from chalicelib.core import house as defaults
from chalicelib.gateway.handler import ROUTES as DEVICES
from chalicelib.web.routes import ROUTES as PEOPLE

Template = dict[str, Any]
SHORTEST_REASON = 20  # characters


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def functions(template: Template) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in resources(template, "AWS::Serverless::Function").items()}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(reference: Any) -> str:
    """The logical id that a Ref, GetAtt or Sub names first."""
    if "Ref" in reference:
        return str(reference["Ref"])
    if "Fn::GetAtt" in reference:
        return str(listed(reference["Fn::GetAtt"])[0]).split(".")[0]
    return re.findall(r"\$\{(\w+)", json.dumps(reference["Fn::Sub"]))[0]


def documents(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    properties = resource.get("Properties", {})
    yield from (policy["PolicyDocument"] for policy in properties.get("Policies", []) if isinstance(policy, dict))
    yield from (properties[name] for name in ("PolicyDocument", "KeyPolicy") if name in properties)


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::KMS::Key", "AWS::S3::BucketPolicy"):
            for document in documents(resource):
                yield from ((name, resource, statement) for statement in document["Statement"])


def too_wide(statement: dict[str, Any]) -> bool:
    """A * anywhere."""
    return "*" in json.dumps([statement["Action"], statement["Resource"]])


def test_both_templates_satisfy_cfn_lint(core: Template, everything: Template) -> None:
    for template in (core, everything):
        found = lint(json.dumps(template), config=ManualArgs(regions=["us-east-1"]))
        assert [f"{match.rule.id} {match.message}" for match in found] == []


def test_every_wildcard_has_a_written_reason(everything: Template) -> None:
    wide = [(name, resource, statement) for name, resource, statement in statements(everything) if too_wide(statement)]
    assert wide, "the test looks at nothing"
    for name, resource, statement in wide:
        reasons = resource.get("Metadata", {}).get("Reasons", {})
        reason = reasons.get(statement.get("Sid"), "")
        assert len(reason) >= SHORTEST_REASON, f"{name}: {statement.get('Sid')} is wide and says not why"


def test_no_reason_is_left_over(everything: Template) -> None:
    used = {(name, statement.get("Sid")) for name, _, statement in statements(everything) if too_wide(statement)}
    for name, resource in everything["Resources"].items():
        assert {(name, sid) for sid in resource.get("Metadata", {}).get("Reasons", {})} <= used


@pytest.mark.parametrize(
    ("statement", "wide"),
    [
        ({"Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ArtifactsBucket.Arn}/pki/*"}}, True),
        ({"Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ArtifactsBucket.Arn}/*"}}, True),
        ({"Action": "s3:GetObject", "Resource": {"Fn::Sub": "${ArtifactsBucket.Arn}/pki/crl.der"}}, False),
        ({"Action": ["s3:Get*"], "Resource": {"Fn::Sub": "${ArtifactsBucket.Arn}/pki/*"}}, True),
        ({"Action": "s3:GetObject", "Resource": "*"}, True),
        ({"Action": "sqs:SendMessage", "Resource": ["arn:aws:sqs:us-east-1:1:*"]}, True),
        ({"Action": "kms:Sign", "Resource": {"Fn::GetAtt": ["CaKey", "Arn"]}}, False),
    ],
)
def test_what_counts_as_wide(statement: dict[str, Any], wide: bool) -> None:
    assert too_wide(statement) is wide


def test_every_function_has_a_role_and_a_log_group_of_its_own(core: Template) -> None:
    found = functions(core)
    assert len(found) == 10
    roles = [target(each["Role"]) for each in found.values()]
    assert len(set(roles)) == len(roles)
    for name, each in found.items():
        group = core["Resources"][target(each["LoggingConfig"]["LogGroup"])]["Properties"]
        assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{each['FunctionName']['Fn::Sub']}"}
        assert group["RetentionInDays"], name
    trusted = {json.dumps(core["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]) for role in roles}
    assert len(trusted) == 1
    assert "lambda.amazonaws.com" in trusted.pop()


def test_only_the_signer_may_sign_with_the_ca_key(core: Template) -> None:
    signs = []
    for name, _, statement in statements(core):
        actions = listed(statement["Action"])
        names_the_key = name == "CaKey" or any(
            resource == "*" or "CaKey" in json.dumps(resource) for resource in listed(statement["Resource"])
        )
        if names_the_key and any(action in ("*", "kms:*", "kms:Sign", "kms:Create*") for action in actions):
            signs.append((name, statement.get("Principal")))
    # Keys whose own policies are wide are other keys: * in a key's policy is that key.
    signs = [(name, principal) for name, principal in signs if name not in ("SecretsKey", "EvidenceKey")]
    signer = {"AWS": {"Fn::GetAtt": ["SignerRole", "Arn"]}}
    assert signs == [("CaKey", signer), ("SignerKeyPolicy", None)]
    assert core["Resources"]["SignerKeyPolicy"]["Properties"]["Roles"] == [{"Ref": "SignerRole"}]
    assert "kms:CreateGrant" not in json.dumps(core["Resources"]["CaKey"])


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run(core: Template) -> None:
    pairs = {}
    for name, each in functions(core).items():
        for event in each.get("Events", {}).values():
            if event["Type"] == "SQS":
                queue = target(event["Properties"]["Queue"])
                hidden = core["Resources"][queue]["Properties"]["VisibilityTimeout"]
                pairs[name] = hidden / each["Timeout"]
    assert set(pairs) == {"Wake", "Sweep", "Reports"}
    assert all(ratio >= 6 for ratio in pairs.values()), pairs


def alarms(template: Template, namespace: Any) -> list[dict[str, Any]]:
    found = [each["Properties"] for each in resources(template, "AWS::CloudWatch::Alarm").values()]
    assert all(each["AlarmActions"] == [{"Ref": "AlarmTopic"}] for each in found)
    assert {each["TreatMissingData"] for each in found} == {"notBreaching"}
    return [each for each in found if each["Namespace"] == namespace]


def test_every_queue_has_a_dead_letter_queue_and_that_an_alarm(core: Template) -> None:
    queues = resources(core, "AWS::SQS::Queue")
    dead = {target(each["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]) for each in queues.values() if
            "RedrivePolicy" in each["Properties"]}  # fmt: skip
    for each in functions(core).values():
        dead |= {target(each["DeadLetterQueue"]["TargetArn"])} if "DeadLetterQueue" in each else set()
        for event in each.get("Events", {}).values():
            if event["Type"] == "DynamoDB":
                dead.add(target(event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]))
    assert dead == {name for name, each in queues.items() if "RedrivePolicy" not in each["Properties"]}
    watched = {target(each["Dimensions"][0]["Value"]) for each in alarms(core, "AWS/SQS")}
    assert watched == dead


def test_everything_asynchronous_has_somewhere_to_fail(core: Template) -> None:
    for name, each in functions(core).items():
        for event in each.get("Events", {}).values():
            if event["Type"] == "Schedule":
                assert "DeadLetterQueue" in each, name
            else:
                assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_every_bucket_is_private(core: Template) -> None:
    buckets = resources(core, "AWS::S3::Bucket")
    assert set(buckets) == {"ArtifactsBucket", "EvidenceBucket"}
    policies = {
        target(each["Properties"]["Bucket"]): each for each in resources(core, "AWS::S3::BucketPolicy").values()
    }
    for name, bucket in buckets.items():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["BucketEncryption"]
        (statement,) = policies[name]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    lock = buckets["EvidenceBucket"]["Properties"]
    assert lock["ObjectLockEnabled"] is True
    assert lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] == "COMPLIANCE"


def test_plain_http_is_for_the_embedded_engine_only(core: Template) -> None:
    assert core["Parameters"]["PlainHttp"]["Default"] == "no"
    assert core["Conditions"]["TlsOnly"] == {"Fn::Equals": [{"Ref": "PlainHttp"}, "no"]}


def test_tables_are_kept_encrypted_and_restorable(core: Template) -> None:
    tables = resources(core, "AWS::DynamoDB::Table")
    assert set(tables) == {"CoreTable", "CommandsTable", "AuditTable", "IdempotencyTable"}
    for table in tables.values():
        properties = table["Properties"]
        assert table["DeletionPolicy"] == "Retain"
        assert properties["DeletionProtectionEnabled"] is True
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["SSESpecification"] == {"SSEEnabled": True}
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
        assert properties["BillingMode"] == "PAY_PER_REQUEST"
        assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]


def test_the_outbox_hears_of_new_commands_and_fresh_enrollments_only(core: Template) -> None:
    event = functions(core)["Outbox"]["Events"]["OutboxDynamodbEventSource"]["Properties"]
    assert [json.loads(each["Pattern"]) for each in event["FilterCriteria"]["Filters"]] == [
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "Q#"}]}}}},
        {"dynamodb": {"Keys": {"sk": {"S": ["#B"]}}, "NewImage": {"fresh": {"BOOL": [True]}}}},
    ]


def test_only_administrators_make_accounts(core: Template) -> None:
    pool = core["Resources"]["UserPool"]["Properties"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 14
    client = core["Resources"]["UserPoolClient"]["Properties"]
    assert set(client["ExplicitAuthFlows"]) == {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}


def test_every_device_route_reaches_the_right_function(core: Template) -> None:
    routes = {}
    for each in resources(core, "AWS::ApiGatewayV2::Route").values():
        integration = core["Resources"][target(each["Properties"]["Target"])]["Properties"]
        routes[each["Properties"]["RouteKey"]] = target(integration["IntegrationUri"])
    assert routes == {
        "ANY /apple/checkin": "Gateway",
        "ANY /apple/connect": "Gateway",
        "ANY /apple/scep": "Signer",
        "GET /apple/profile/{code}": "Signer",
        "POST /apple/ota/{code}": "Signer",
        "GET /crl": "Signer",
        "ANY /EnrollmentServer/Discovery.svc": "Gateway",
        "POST /windows/manage": "Gateway",
        "POST /windows/policy": "Gateway",
        "POST /windows/enrollment": "Signer",
    }
    throttle = core["Resources"]["DeviceStage"]["Properties"]["DefaultRouteSettings"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} == set(throttle)


def test_passwords_can_be_tried_ten_times_a_second_at_most(core: Template) -> None:
    throttles = {
        (each["ResourcePath"].replace("~1", "/").replace("//", "/"), each["HttpMethod"]): each["ThrottlingRateLimit"]
        for each in core["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    }
    guessed = {("/api/v1/sessions", "POST"), ("/windows/signin", "POST")}
    assert throttles.pop(("/*", "*")) == 100
    assert throttles == dict.fromkeys(guessed, 10)
    assert guessed <= {(route.path, route.method) for route in PEOPLE}


def test_every_function_is_told_what_the_wiring_reads_with_the_real_addresses_as_defaults(core: Template) -> None:
    told = core["Globals"]["Function"]["Environment"]["Variables"]
    known = {parameter: each.get("Default") for parameter, each in core["Parameters"].items()}
    values = {name: known[value["Ref"]] for name, value in told.items() if value.get("Ref") in known}
    real = {"APNS_URL": defaults.APPLE_PUSH, "ENTRA_URL": defaults.ENTRA, "WNS_LOGIN_URL": defaults.WNS_LOGIN}
    real |= {"WNS_DOMAIN": defaults.WNS_DOMAIN, "APNS_CA": "", "MICROSOFT_CA": "", "MANAGE_URL": ""}
    real |= {"GOOGLE_URL": "", "GOOGLE_CA": ""}
    assert {name: values[f"MUSTER_{name}"] for name in real} == real
    wiring = Path(importlib.import_module("chalicelib.wiring").__file__ or "").read_text()
    assert set(re.findall(r'"(MUSTER_\w+)"', wiring)) == {name for name in told if name.startswith("MUSTER_")}


def test_where_pcs_are_managed_by_certificate_there_is_no_way_around_it(everything: Template) -> None:
    """API Gateway asks for certificates at a domain: any other address of the same API would do without."""
    found = everything["Resources"]
    own = {name for name, each in found.items() if each.get("Condition") == "HasManageDomain"}
    assert own == {f"Manage{part}" for part in (
        "Api", "Stage", "Integration", "Route", "Permission", "DomainName", "Mapping", "Refused",
    )}  # fmt: skip
    assert found["ManageApi"]["Properties"]["DisableExecuteApiEndpoint"] is True
    assert found["ManageDomainName"]["Properties"]["MutualTlsAuthentication"] == {
        "TruststoreUri": {"Ref": "TruststoreUri"}
    }
    mappings = [each["Properties"] for each in resources(everything, "AWS::ApiGatewayV2::ApiMapping").values()]
    assert {(target(each["DomainName"]), target(each["ApiId"])) for each in mappings} == {
        ("DeviceDomainName", "DeviceApi"), ("DiscoveryDomainName", "DeviceApi"), ("ManageDomainName", "ManageApi"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "enough"),
    [
        ({}, True),
        ({"ManageDomain": "m.example.com"}, True),  # PCs are told the device plane's address, so it must answer
        ({"ManageDomain": "m.example.com", "ManageUrl": "https://m.example.com"}, False),
        ({"ManageUrl": "https://m.example.com"}, True),
        ({"ManageDomain": "m.example.com", "ManageUrl": "https://m.example.com", "WindowsDigest": "yes"}, True),
    ],
)
def test_a_digest_alone_proves_a_pc_only_where_no_host_asks_for_its_certificate(
    given: dict[str, str], enough: bool, everything: Template
) -> None:
    parameters = {name: each.get("Default") for name, each in everything["Parameters"].items()} | given

    def holds(condition: Any) -> bool:
        ((kind, operands),) = condition.items()
        if kind == "Condition":
            return holds(everything["Conditions"][operands])
        if kind == "Fn::Equals":
            left, right = (parameters[each["Ref"]] if isinstance(each, dict) else each for each in operands)
            return bool(left == right)
        return {"Fn::Not": lambda: not holds(operands[0]), "Fn::Or": lambda: any(map(holds, operands))}[kind]()

    assert holds({"Condition": everything["Resources"]["WindowsManagementRoute"]["Condition"]}) is enough


def test_only_management_lies_behind_the_certificate_and_it_is_the_same_there(
    core: Template, everything: Template
) -> None:
    routes = [each["Properties"] for each in resources(everything, "AWS::ApiGatewayV2::Route").values()]
    (managed,) = [each for each in routes if target(each["ApiId"]) == "ManageApi"]
    assert managed["RouteKey"] == "POST /windows/manage"
    assert managed["RouteKey"].split()[1] in DEVICES
    for open_to_all in ("DeviceDomainName", "DiscoveryDomainName"):
        assert "MutualTlsAuthentication" not in everything["Resources"][open_to_all]["Properties"]
    for ours, other in (("ManageIntegration", "GatewayIntegration"), ("ManageStage", "DeviceStage")):
        theirs = everything["Resources"][other]["Properties"] | {"ApiId": {"Ref": "ManageApi"}}
        assert everything["Resources"][ours]["Properties"] == theirs
    alarm = everything["Resources"]["ManageRefused"]["Properties"]
    twin = core["Resources"]["DevicesRefused"]["Properties"]
    same = {"AlarmDescription", "Dimensions"}
    assert {**alarm, **dict.fromkeys(same)} == {**twin, **dict.fromkeys(same)}
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "ManageApi"}}]
    assert (
        everything["Resources"]["WindowsManagementRoute"]["Properties"]
        == (core["Resources"]["WindowsManagementRoute"]["Properties"])
    )


def test_every_handler_exists(core: Template) -> None:
    """app.py names handlers without importing them, so a wrong name would show in the cloud only."""
    handlers = {each["Handler"] for each in functions(core).values()}
    assert "app.app" in handlers
    for handler in handlers - {"app.app"}:
        module, name = handler.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(module), name)), handler


def test_aws_only_resources_wait_for_their_parameter(core: Template, everything: Template) -> None:
    extra = set(everything["Resources"]) - set(core["Resources"])
    domains = {f"{plane}DomainName" for plane in ("Console", "Device", "Discovery", "Manage")}
    assert domains | {"PeopleFirewall", "Budget"} <= extra
    targets = {target(each["Value"]) for name, each in everything["Outputs"].items() if name.endswith("Target")}
    assert targets == domains
    for name in (*domains, "AlarmSubscription", "Budget"):
        assert everything["Resources"][name]["Condition"] in everything["Conditions"]


def test_no_template_names_an_account_or_a_region(project: Path) -> None:
    for path in (project / "infra").glob("*.yaml"):
        assert not re.search(r"\b\d{12}\b|us-east-1|eu-[a-z]+-\d", path.read_text()), path
