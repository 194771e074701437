"""Reading: strict, complete in its complaints, silent about values; digests and bodies."""

import subprocess
import sys
from typing import Any

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.modes import LIMITS
from chalicelib.platforms.android.policy.reading import MOST_PROBLEMS, read
from chalicelib.platforms.android.policy.refused import REFUSED
from chalicelib.platforms.android.policy.rules import RULES
from tests.unit.android_policy.samples import EAP, WPA, access_point, app, apps, connectivity, enterprise, network, onc

WORD = "S3cret-Word"


def refusal(document: Any, mode: str = "corporate") -> str:
    with pytest.raises(Unprocessable) as refused:
        read(document, mode)
    return str(refused.value)


@pytest.mark.parametrize(
    "document",
    [
        onc(network({**WPA, "Passphrase": WORD, "Security": "None"})),
        onc(network({**WPA, "Passphrase": {"not": WORD}})),
        onc(network({**WPA, "Passphrase": [WORD]})),
        onc(network({"SSID": WORD, "Security": WORD, "Type": WORD})),
        enterprise({**EAP, "Password": WORD, "ServerCARefs": [WORD]}),
        enterprise(EAP, {"GUID": "root", "Type": "Client", "PKCS12": WORD}),
        enterprise(EAP, {"GUID": "root", "Type": "Authority", "X509": WORD}),
        connectivity(apnPolicy={"apnSettings": [{**access_point("a"), "password": 5, "apnTypes": [WORD]}]}),
        apps(app(managedConfiguration={"licence": [WORD, 5]})),
        apps(app(managedConfiguration={"licence": {"in": 1.5, "out": WORD}})),
        apps(app(WORD)),
        {"frpAdminEmails": [WORD]},
        {"maximumTimeToLock": WORD},
        {"passwordPolicies": WORD},
        {"openNetworkConfiguration": WORD},
        {"frpAdminEmails": ["{user.password}" + WORD]},
    ],
)
def test_never_repeats_a_value(document: Any) -> None:
    assert WORD not in refusal(document)


def test_neither_repr_nor_str_shows_a_value() -> None:
    policy = read(
        {**onc(network({**WPA, "Passphrase": WORD})), **apps(app(managedConfiguration={"key": WORD}))}, "corporate"
    )
    shown = f"{policy!r} {policy} {policy.settings!r} {policy.settings} {policy.settings.applications!r}"
    assert WORD not in shown
    assert WORD in str(policy.body())


def test_names_all_problems_at_once() -> None:
    text = refusal({"cameraAccess": 1, "complianceRules": [], "nobody": 1, "applications": [{"disabled": "yes"}]})
    places = [sentence.split(":")[0] for sentence in text.split("; ")]
    assert sorted(places) == [
        "applications.0.disabled",
        "applications.0.packageName",
        "cameraAccess",
        "complianceRules",
        "nobody",
    ]


def test_names_what_a_mode_lacks_and_what_does_not_go_together_at_once() -> None:
    text = refusal({"factoryResetDisabled": True, **apps(app(), app())}, "personal")
    assert [sentence.split(":")[0] for sentence in text.split("; ")] == [
        "factoryResetDisabled",
        "applications.1.packageName",
    ]


def test_says_how_many_more() -> None:
    text = refusal(apps(*[app("a b")] * (MOST_PROBLEMS + 7)))
    assert text.count("; ") == MOST_PROBLEMS
    assert text.endswith("and 7 more")


@pytest.mark.parametrize(
    "document",
    [
        {"screenCaptureDisabled": "true"},
        {"screenCaptureDisabled": 1},
        {"minimumApiLevel": "30"},
        {"minimumApiLevel": 30.0},
        {"minimumApiLevel": True},
        {"minimumApiLevel": -1},
        {"maximumTimeToLock": 60000},
        {"screen_capture_disabled": True},
        {"cameraAccess": "CAMERA_ACCESS_UNSPECIFIED"},
        {"locationMode": "HIGH_ACCURACY"},
        {"keyguardDisabledFeatures": ["CAMERA", "CAMERA"]},
        {"passwordPolicies": {"passwordQuality": "COMPLEX"}},
        {"passwordPolicies": [{"passwordExpirationTimeout": "1 day"}]},
        {"frpAdminEmails": ["nobody"]},
        {
            "workAccountSetupConfig": {
                "authenticationType": "GOOGLE_AUTHENTICATED",
                "requiredAccountEmail": "A@b.example",
            }
        },
        {"personalUsagePolicies": {"maxDaysWithWorkOff": 2}},
        {"setupActions": [{"launchApp": app()}, {"launchApp": app()}]},
        {"longSupportMessage": {"defaultMessage": "x" * 4097}},
        apps(app(installPriority=10_001)),
        apps(app(managedConfiguration={"mixed": ["text", {"a": 1}]})),
        apps(app(managedConfiguration={"nothing": None})),
        apps(app(managedConfiguration={"long": "x" * 65_536})),
        apps(app(signingKeyCerts=[{"signingKeyCertFingerprintSha256": "AAAA"}])),
        apps(*[app(f"com.example.a{number}") for number in range(3001)]),
        onc(network(WPA, Type="Ethernet")),
    ],
)
def test_refuses(document: Any) -> None:
    refusal(document)


@pytest.mark.parametrize("document", [{"name": {1, 2}}, {"minimumApiLevel": float("nan")}, {"cameraAccess": "\ud800"}])
def test_what_is_not_json_is_refused(document: Any) -> None:
    assert refusal(document) == "The policy is not a JSON object."


def test_a_document_that_contains_itself_is_refused() -> None:
    document: dict[str, Any] = {}
    document["longSupportMessage"] = document
    assert refusal(document) == "The policy is not a JSON object."


def test_three_thousand_apps_are_taken() -> None:
    document = apps(*[app(f"com.example.a{number}") for number in range(3000)])
    assert read(document, "corporate").body() == document


def test_null_is_as_if_left_out() -> None:
    assert read({"cameraAccess": None, "applications": []}, "corporate").body() == {"applications": []}


def test_an_empty_list_stays() -> None:
    document = {"permittedInputMethods": {"packageNames": []}}
    assert read(document, "corporate").body() == document


def test_equal_policies_have_equal_digests() -> None:
    one = read({"funDisabled": True, **apps(app(managedConfiguration={"a": 1, "b": 2}))}, "corporate")
    other = read(
        {**apps(app(managedConfiguration={"b": 2, "a": 1})), "funDisabled": True, "cameraAccess": None}, "dedicated"
    )
    assert one.digest() == other.digest()
    assert one.digest() != read({"funDisabled": True}, "corporate").digest()
    assert len(one.digest()) == 64


def test_sentences_can_be_told_apart() -> None:
    reasons = [rule.reason for rule in RULES.values()] + [*REFUSED.values()]
    reasons += [limit.reason for limits in LIMITS.values() for limit in limits]
    assert not [reason for reason in reasons if ";" in reason]


def test_what_does_not_read_a_policy_does_not_load_pydantic() -> None:
    light = ("defaults", "modes", "places", "placeholders", "secrets")
    names = ", ".join(f"chalicelib.platforms.android.policy.{name}" for name in light)
    code = f"import sys, {names}; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
