"""Each rule between fields allows one document, refuses another, and says where."""

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.reading import read
from chalicelib.platforms.android.policy.rules import RULES
from tests.unit.android_policy.samples import (
    EAP,
    SAMPLES,
    TLS,
    WPA,
    Document,
    app,
    apps,
    default,
    defaulted,
    enterprise,
    freeze,
    frozen,
    network,
    onc,
    without,
)
from tests.wire import google_schema


def refusals(document: Document, mode: str = "corporate") -> list[str]:
    with pytest.raises(Unprocessable) as refused:
        read(document, mode)
    return str(refused.value).split("; ")


def test_every_rule_has_an_allowed_and_a_refused_sample() -> None:
    assert SAMPLES.keys() == RULES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_allows(name: str) -> None:
    mode, allowed, _, _ = SAMPLES[name]
    body = read(allowed, mode).body()
    google_schema.check("androidmanagement.v1", "Policy", body)
    assert body == allowed


@pytest.mark.parametrize("name", SAMPLES)
def test_refuses(name: str) -> None:
    mode, _, refused, place = SAMPLES[name]
    google_schema.check("androidmanagement.v1", "Policy", refused)
    sentences = [sentence for sentence in refusals(refused, mode) if sentence.endswith(f": {RULES[name].reason}")]
    assert [sentence for sentence in sentences if sentence.split(": ")[0].endswith(place)]


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ("freeze-distance", frozen(freeze((11, 1), (12, 31)), freeze((2, 28), (3, 10)))),
        ("freeze-distance", frozen(freeze((3, 1), (3, 31)), freeze((3, 15), (4, 15)))),
        ("freeze-length", frozen(freeze((5, 2), (5, 1)))),
        ("passphrase-length", onc(network({**WPA, "Passphrase": "x" * 64}))),
        ("passphrase-length", onc(network({**WPA, "Security": "WEP-PSK", "Passphrase": "012345678"}))),
        ("passphrase-fits", onc(network({**WPA, "Security": "None"}))),
        ("eap-fits", onc(network({**WPA, "EAP": without(EAP, "ServerCARefs")}))),
        ("certificate-here", enterprise({**EAP, "ServerCARefs": ["mine"]})),
        ("certificate-here", enterprise({**TLS, "ClientCertRef": "root"})),
        ("client-certificate", enterprise(without(TLS, "ClientCertType", "ClientCertRef"))),
        ("server-trusted", enterprise(without(EAP, "ServerCARefs"))),
        ("kiosk-app-once", apps(app(installType="KIOSK"), app("com.example.two", installType="KIOSK"))),
        ("default-scopes", defaulted(default("DEFAULT_HOME", "SCOPE_WORK_PROFILE"))),
        ("default-scopes", defaulted(default("DEFAULT_CALL_SCREENING", "SCOPE_PERSONAL_PROFILE"))),
        ("ssid", onc(network(without(WPA, "SSID")))),
    ],
)
def test_refuses_also(rule: str, document: Document) -> None:
    mode = "dedicated" if rule.startswith("kiosk") else "corporate"
    assert any(sentence.endswith(RULES[rule].reason) for sentence in refusals(document, mode))


@pytest.mark.parametrize(
    "document",
    [
        frozen(freeze((11, 1), (12, 31)), freeze((3, 2), (3, 10))),
        frozen(freeze((1, 1), (3, 31))),
        onc(network({**WPA, "Passphrase": "ab" * 32})),
        onc(network({**WPA, "Security": "WEP-PSK", "Passphrase": "0x0123456789"})),
        onc(network({"HexSSID": "00FF", "Security": "None"})),
        enterprise({"Outer": "EAP-SIM"}),
        enterprise({**without(TLS, "ClientCertRef"), "ClientCertType": "KeyPairAlias", "ClientCertKeyPairAlias": "k"}),
    ],
)
def test_allows_also(document: Document) -> None:
    assert read(document, "corporate").body() == document
