"""Every command that the actions emit fits Apple's schema, and the rules of the actions are those of the schema."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Unprocessable
from chalicelib.model.device import Device, Ownership, Platform
from chalicelib.model.enrollment import Declaration
from chalicelib.platforms.apple.actions import declarations, queries, registry, systems
from chalicelib.platforms.apple.actions.systems import SHARED_IPAD
from tests.unit.apple_actions import samples
from tests.unit.apple_actions.samples import APPLE, FULL, NEEDED, NEWEST, SCHEMA_OS, command, device, get, prepare
from tests.wire import apple_schema
from tests.wire.apple_schema import SchemaError, Target, needs_schema

pytestmark = needs_schema
POSSIBLE = [(name, platform) for name in registry.names() for platform in APPLE if platform in get(name).systems]
USER_ENROLLMENT = [(name, platform) for name, platform in POSSIBLE if get(name).systems[platform].user_enrollment]
HOUSE = samples.stocked_house()


def target(subject: Device, channel: str = "device") -> Target:
    return Target(
        SCHEMA_OS[subject.platform],
        subject.os_version,
        supervised=subject.supervised,
        user_enrollment=subject.user_enrollment,
        shared_ipad=SHARED_IPAD in subject.capabilities,
        channel=channel,
    )


def check(name: str, subject: Device, params: dict[str, Any]) -> None:
    prepared = prepare(name, subject, params, HOUSE)
    shared = device(Platform.IPADOS, capabilities=(SHARED_IPAD,))
    if prepared.user_channel and subject.platform is Platform.IPADOS:
        subject = shared  # no other iPad has user channels
    channel = "user" if prepared.user_channel else "device"
    assert apple_schema.command(prepared.payload.reveal(), target(subject, channel)) == get(name).request_type
    for change in prepared.changes:
        if isinstance(change.record, Declaration):
            body = json.loads(json.dumps(declarations.body(change.record)))
            apple_schema.declaration(body, target(subject))


@pytest.mark.parametrize(("name", "platform"), POSSIBLE)
@pytest.mark.parametrize("extent", [NEEDED, FULL], ids=["least", "full"])
def test_each_command_fits(name: str, platform: Platform, extent: dict[str, dict[str, Any]]) -> None:
    action = get(name)
    params = samples.known(action, platform, {**NEEDED.get(name, {}), **extent.get(name, {})})
    check(name, samples.suitable(action, platform), params)


@pytest.mark.parametrize(("name", "platform"), POSSIBLE)
def test_each_command_fits_the_oldest_system_and_the_least_management(name: str, platform: Platform) -> None:
    since = get(name).systems[platform]
    shared = (SHARED_IPAD,) if get(name).shared_only else ()
    subject = device(platform, os_version=since.version, supervised=since.supervised, capabilities=shared)
    check(name, subject, NEEDED.get(name, {}))


@pytest.mark.parametrize(("name", "platform"), USER_ENROLLMENT)
def test_each_command_that_user_enrollment_allows_fits_it(name: str, platform: Platform) -> None:
    subject = device(platform, supervised=False, user_enrollment=True, ownership=Ownership.PERSONAL)
    assert get(name).refusal(subject) == ""
    check(name, subject, NEEDED.get(name, {}))


def schema_rules(name: str, platform: Platform) -> dict[str, Any] | None:
    """What Apple says of this action on this platform; None if the platform cannot do it."""
    action, os = get(name), SCHEMA_OS[platform]
    (document,) = apple_schema.pick("mdm/commands", "requesttype", action.request_type)
    rules = dict(document["payload"]["supportedOS"].get(os, {"introduced": "n/a"}))
    if name == "set-device-name":
        (setting,) = (key for key in document["payloadkeys"][0]["subkeys"] if key["key"] == "DeviceName")
        rules |= setting["supportedOS"].get(os, {})
    if name == "os-update":
        (document,) = apple_schema.pick("declarative/declarations", "declarationtype", "com.apple.configuration."
                                        "softwareupdate.enforcement.specific")  # fmt: skip
        rules = dict(document["payload"]["supportedOS"].get(os, {"introduced": "n/a"}))
        rules["supervised"] = "device" not in rules.get("allowed-enrollments", ())
        rules["userenrollment"] = {"mode": "forbidden"}
    return None if rules["introduced"] == "n/a" else rules


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("platform", APPLE)
def test_the_rules_are_apples(name: str, platform: Platform) -> None:
    action, rules = get(name), schema_rules(name, platform)
    since = action.systems.get(platform)
    if action.shared_only and platform is not Platform.IPADOS:
        rules = None  # the schema counts the iPad as iOS
    assert (since is None) == (rules is None)
    if since and rules:
        assert systems.number(since.version) == systems.number(rules["introduced"])
        assert since.supervised == bool(rules.get("supervised"))
        allowed = rules.get("userenrollment", {}).get("mode") == "allowed"
        assert since.user_enrollment == allowed
        shared = rules.get("sharedipad", {}).get("mode")
        if platform is Platform.IPADOS:
            assert bool(action.shared_ipad) == (shared == "forbidden")
            assert action.shared_only == (shared == "required")


@pytest.mark.parametrize("platform", APPLE)
@pytest.mark.parametrize("personal", [False, True])
@pytest.mark.parametrize("enrolled", ["supervised", "device", "user"])
def test_each_question_is_one_that_the_device_answers(platform: Platform, personal: bool, enrolled: str) -> None:
    ownership = Ownership.PERSONAL if personal else Ownership.CORPORATE
    subject = device(
        platform, supervised=enrolled == "supervised", user_enrollment=enrolled == "user", ownership=ownership
    )
    oldest = get("device-information").systems[platform].version
    for version in (oldest, "12.0", NEWEST[platform]):
        if systems.number(oldest) <= systems.number(version) <= systems.number(NEWEST[platform]):
            aged = device(platform, supervised=subject.supervised, user_enrollment=subject.user_enrollment,
                          ownership=ownership, os_version=version)  # fmt: skip
            apple_schema.command(queries.device_information(aged, "1"), target(aged))
    apple_schema.command(queries.security_information(subject, "1"), target(subject))
    apple_schema.command(queries.certificates(subject, "1"), target(subject))
    apple_schema.command(queries.profiles(subject, "1"), target(subject))
    if not get("installed-apps").refusal(subject):
        apple_schema.command(queries.installed_apps(subject, "1"), target(subject))


@pytest.mark.parametrize("name", list(queries.QUERIES))
def test_no_question_is_kept_from_a_device_that_could_answer(name: str) -> None:
    (document,) = apple_schema.pick("mdm/commands", "requesttype", "DeviceInformation")
    (words,) = (key["subkeys"][0]["subkeys"] for key in document["payloadkeys"] if key["key"] == "Queries")
    (word,) = (word for word in words if word["key"] == name)
    for platform in APPLE:
        ours, theirs = queries.QUERIES[name].since(platform), word["supportedOS"].get(SCHEMA_OS[platform], {})
        introduced = theirs.get("introduced", queries.ALWAYS)
        assert (ours == "") == (introduced == "n/a"), platform
        if ours:
            assert systems.number(ours) == systems.number(introduced), platform
            forbidden = theirs.get("userenrollment", {}).get("mode") == "forbidden"
            assert queries.QUERIES[name].work_only is not forbidden or platform is Platform.TVOS


@pytest.mark.parametrize("name", [name for name in registry.names() if get(name).since])
def test_each_parameter_is_refused_where_the_schema_does_not_know_its_key(name: str) -> None:
    """A parameter passes here exactly where its key passes there."""
    action = get(name)
    for field, known in action.since.items():
        for platform in action.systems:
            params = {**NEEDED.get(name, {}), field: FULL[name][field]}
            if platform not in known:
                with pytest.raises(Unprocessable, match=f"^{field}: "):
                    prepare(name, samples.suitable(action, platform), params, HOUSE)
                continue
            exact = device(platform, os_version=known[platform])
            check(name, exact, params)
            earlier = device(platform, os_version=_before(known[platform]))
            with pytest.raises(Unprocessable, match=f"^{field}: "):
                prepare(name, earlier, params, HOUSE)
            if field != "user":  # the channel is not a key of the command
                payload = prepare(name, exact, params, HOUSE).payload.reveal()
                with pytest.raises(SchemaError):
                    apple_schema.command(payload, target(earlier))


def _before(version: str) -> str:
    parts = [int(part) for part in version.split(".")]
    parts = [*parts[:-1], parts[-1] - 1] if parts[-1] else [*parts[:-2], parts[-2] - 1, 99]
    return ".".join(map(str, parts))


WORDS = st.text(min_size=1, max_size=60)
LINES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(platform=st.sampled_from(APPLE), message=WORDS, phone=LINES, footnote=WORDS)
def test_any_text_is_refused_or_arrives(platform: Platform, message: str, phone: str, footnote: str) -> None:
    for name, params in [
        ("lock", {"message": message, "phone_number": phone}),
        ("lost-mode-on", {"message": message, "phone_number": phone, "footnote": footnote}),
        ("set-device-name", {"name": footnote}),
        ("remove-profile", {"identifier": footnote}),
    ]:
        if platform not in get(name).systems:
            continue
        try:
            check(name, device(platform), samples.known(get(name), platform, params))
        except Unprocessable:
            continue
        sent = command(prepare(name, device(platform), samples.known(get(name), platform, params), HOUSE))
        if name == "lost-mode-on":
            assert (sent["Message"], sent["PhoneNumber"]) == (message.strip(), phone.strip())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(
    version=st.from_regex(r"[1-9][0-9]?(\.[0-9]{1,2}){0,2}", fullmatch=True, alphabet=string.digits + "."),
    deadline=st.datetimes(),
    build=st.none() | st.from_regex(r"[0-9]{2}[A-Z][0-9]{1,4}[a-z]?", fullmatch=True),
)
def test_any_update_is_refused_or_fits(version: str, deadline: Any, build: str | None) -> None:
    params = {"version": version, "deadline": deadline.isoformat(), "build": build}
    try:
        prepared = prepare("os-update", device(Platform.IOS), params, HOUSE)
    except Unprocessable:
        return
    update = prepared.changes[0].record
    assert isinstance(update, Declaration)
    assert len(update.payload["TargetLocalDateTime"]) == len("2030-01-31T18:00:00")
    check("os-update", device(Platform.IOS), params)
