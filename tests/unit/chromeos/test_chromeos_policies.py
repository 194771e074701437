"""Chrome policies: split as Google demands, checked before they are sent, in force as they were meant."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.chromeos import directory, networks, policies
from chalicelib.platforms.chromeos.networks import Network
from chalicelib.platforms.chromeos.policy_batches import A_MINUTE, MOST, Batch, Setting, Target, batches, plan
from chalicelib.platforms.chromeos.policy_schemas import Schema, check, read
from chalicelib.platforms.google.client import GoogleBusy, GoogleRefused
from tests.google.chrome_schemas import SCHEMAS
from tests.unit.chromeos.office import Office

LOGOUT, PROXY = "chrome.users.ShowLogoutButton", "chrome.users.MaxConnectionsPerProxy"
INSTALL, CONFIGURATION = "chrome.users.apps.InstallType", "chrome.users.apps.ManagedConfiguration"
USERS, BOOKMARKS = "chrome.devices.DeviceAllowNewUsers", "chrome.users.ManagedBookmarks"
HERE, THERE, GROUP = "orgunits/here", "orgunits/there", "groups/g1"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def app(resource: str, app_id: str) -> Target:
    return Target(resource, {"app_id": app_id})


def known() -> dict[str, Schema]:
    return {name: read(said) for name, said in SCHEMAS.items()}


def logout(target: Target, shown: bool = True) -> Setting:
    return Setting(LOGOUT, target, {"showLogoutButton": shown})


@pytest.fixture
def quick(office: Office) -> Office:
    """The customer's quota of writes is full again."""
    office.pass_by(61)
    return office


def root(office: Office) -> Target:
    unit = office.google.control.post("/chromebooks/enroll", serial=f"POL{random.random()}", ou=f"/P{random.random()}")
    return Target(f"orgunits/{directory.device(office.house, unit['id']).org_unit_id}")


def sent(office: Office, *settings: Setting) -> None:
    for planned in policies.checked(known(), settings):
        policies.send(office.house, planned.batch)


def effective(office: Office, target: Target, about: str) -> dict[str, Any]:
    found, token = {}, ""
    while True:
        rows, token = policies.effective(office.house, target, about, token)
        found |= {(row.schema, *row.keys.values()): (dict(row.value), row.source) for row in rows}
        if not token:
            return found


def test_a_mixed_list_is_split_in_the_order_given() -> None:
    mixed = [
        logout(Target(HERE)), Setting(USERS, Target(HERE), {"deviceAllowNewUsers": "ALLOW_ALL"}),
        Setting(INSTALL, app(HERE, "a"), {"appInstallType": "FORCED"}), logout(Target(THERE)),
        Setting(PROXY, Target(HERE), {"maxConnectionsPerProxy": "9"}),
        Setting(INSTALL, app(HERE, "b"), {"appInstallType": "BLOCKED"}),
        Setting(BOOKMARKS, Target(HERE)), logout(Target(GROUP)), Setting(BOOKMARKS, Target(GROUP)),
    ]  # fmt: skip
    found = [(batch.method, [request.get("policySchema") or request["policyValue"]["policySchema"]
                             for request in batch.requests]) for batch in batches(mixed)]  # fmt: skip
    assert found == [
        ("orgunits:batchModify", [LOGOUT, PROXY]),
        ("orgunits:batchModify", [USERS]),
        ("orgunits:batchModify", [INSTALL, INSTALL]),
        ("orgunits:batchModify", [LOGOUT]),
        ("orgunits:batchInherit", [BOOKMARKS]),
        ("groups:batchModify", [LOGOUT]),
        ("groups:batchDelete", [BOOKMARKS]),
    ]


def test_each_request_names_what_it_sets() -> None:
    value = {"userAllowlist": ["ada@example.com"], "deviceAllowNewUsers": "RESTRICTED_LIST"}
    (batch,) = batches([Setting(USERS, Target(HERE), value)])
    assert batch.body == {
        "requests": [
            {
                "policyTargetKey": {"targetResource": HERE},
                "policyValue": {"policySchema": USERS, "value": value},
                "updateMask": "deviceAllowNewUsers,userAllowlist",
            }
        ]
    }


def test_the_same_keys_in_a_batch() -> None:
    with_app, without = Target(HERE, {"app_id": "a"}), Target(HERE)
    assert len(batches([Setting(LOGOUT, without, {"a": 1}), Setting(PROXY, with_app, {"a": 1})])) == 2


def test_of_a_group_one_app_a_batch() -> None:
    forced = [Setting(INSTALL, app(GROUP, name), {"appInstallType": "FORCED"}) for name in "aba"[:2]]
    assert len(batches(forced)) == 2


def test_twice_is_not_once() -> None:
    with pytest.raises(Unprocessable):
        batches([logout(Target(HERE)), logout(Target(HERE), False)])
    with pytest.raises(Unprocessable):
        batches([logout(Target(HERE)), Setting(LOGOUT, Target(HERE))])


def test_a_long_list_is_cut() -> None:
    many = [Setting(INSTALL, app(HERE, f"app{n}"), {"appInstallType": "FORCED"}) for n in range(MOST + 1)]
    assert [len(batch.requests) for batch in batches(many)] == [MOST, 1]
    long = [Setting(CONFIGURATION, app(HERE, f"app{n}"), {"managedConfiguration": "x" * 90_000}) for n in range(3)]
    assert [len(batch.requests) for batch in batches(long)] == [2, 1]
    with pytest.raises(Unprocessable):
        batches([Setting(CONFIGURATION, app(HERE, "a"), {"managedConfiguration": "x" * 250_000})])


def test_the_pace_of_writes() -> None:
    wanted = [logout(Target(f"orgunits/u{n}")) for n in range(90)]
    delays = [planned.delay for planned in plan(wanted)]
    assert delays[0] == 0
    assert all(len([at for at in delays if start <= at < start + 60]) <= A_MINUTE for start in delays)
    with pytest.raises(Unprocessable):
        plan([logout(Target(f"orgunits/u{n}")) for n in range(500)])


targets = st.sampled_from([HERE, THERE, GROUP, "groups/g2"])
wishes = st.lists(st.one_of(
    st.builds(lambda schema, resource, value: Setting(schema, Target(resource), value),
              st.sampled_from([LOGOUT, PROXY, USERS]), targets, st.sampled_from([None, {"a": 1}])),
    st.builds(lambda schema, resource, name: Setting(schema, app(resource, name), {"a": 1}),
              st.sampled_from([INSTALL, CONFIGURATION]), targets, st.sampled_from("ab")),
), unique_by=lambda setting: setting.key, max_size=12)  # fmt: skip


@given(wishes)
def test_whatever_the_list_each_batch_is_what_google_takes(settings: list[Setting]) -> None:
    found = batches(settings)
    assert sum(len(batch.requests) for batch in found) == len(settings)
    for batch in found:
        requests = [dict(request) for request in batch.requests]
        schemas = [one.get("policySchema") or one["policyValue"]["policySchema"] for one in requests]
        places = [one["policyTargetKey"] for one in requests]
        assert len({schema.rpartition(".")[0] for schema in schemas}) == 1
        assert len({place["targetResource"] for place in places}) == 1
        assert len({tuple(place.get("additionalTargetKeys", {})) for place in places}) == 1
        if batch.method.startswith("groups:"):
            assert len({place.get("additionalTargetKeys", {}).get("app_id") for place in places}) == 1
        assert all(("updateMask" in one) is (batch.method.endswith("batchModify")) for one in requests)
    assert [batch.requests for batch in batches(settings)] == [batch.requests for batch in found]


@pytest.mark.parametrize(
    ("schema", "keys", "value", "wrong"),
    [
        (LOGOUT, {}, {"showLogoutButton": "yes"}, "showLogoutButton: true or false"),
        (LOGOUT, {}, {"showLogout": True}, "there is no field 'showLogout'"),
        (LOGOUT, {"app_id": "a"}, {"showLogoutButton": True}, "no additional keys"),
        (PROXY, {}, {"maxConnectionsPerProxy": 100}, "from 1 to 99"),
        (PROXY, {}, {"maxConnectionsPerProxy": "ten"}, "whole number"),
        (PROXY, {}, {"maxConnectionsPerProxy": True}, "whole number"),
        (PROXY, {}, {"maxConnectionsPerProxy": 1.0}, "whole number"),
        (INSTALL, {}, {"appInstallType": "FORCED"}, "app_id"),
        (INSTALL, {"app_id": "a"}, {"appInstallType": "forced"}, "one of"),
        (INSTALL, {"app_id": "a"}, {"appInstallType": ["FORCED"]}, "one of"),
        (USERS, {}, {"userAllowlist": "ada@example.com"}, "a list"),
        (USERS, {}, {"userAllowlist": [1]}, "text"),
        (BOOKMARKS, {}, {"managedBookmarks": [{"link": "https://example.com"}]}, "managedBookmarks: there is no field"),
        (BOOKMARKS, {}, {"managedBookmarks": ["https://example.com"]}, "an object"),
        ("chrome.devices.EnableReportUploadFrequency", {}, {"reportDeviceUploadFrequency": "60"}, "whole number"),
    ],
)
def test_a_value_that_does_not_fit_is_never_sent(schema: str, keys: dict[str, str], value: Any, wrong: str) -> None:
    with pytest.raises(Unprocessable, match=wrong.replace("(", r"\(")):
        policies.checked(known(), [Setting(schema, Target(HERE, keys), value)])


def test_values_that_fit() -> None:
    held = known()
    check(held[PROXY], Setting(PROXY, Target(HERE), {"maxConnectionsPerProxy": "99"}))
    check(held[PROXY], Setting(PROXY, Target(HERE), {"maxConnectionsPerProxy": 1}))
    check(
        held[BOOKMARKS],
        Setting(BOOKMARKS, Target(HERE), {"managedBookmarks": [{"name": "A", "url": "https://a.test"}]}),
    )
    check(held[LOGOUT], Setting(LOGOUT, Target(GROUP)))


def test_a_schema_of_org_units_is_not_for_groups() -> None:
    with pytest.raises(Unprocessable, match="not for groups"):
        policies.checked(known(), [Setting(USERS, Target(GROUP), {"deviceAllowNewUsers": "ALLOW_ALL"})])
    with pytest.raises(Unprocessable, match="no policy"):
        policies.checked(known(), [Setting("chrome.users.Invented", Target(HERE), {"a": 1})])


@pytest.mark.parametrize("resource", ["", "orgunits/", "orgunits/a/b", "users/1", "here"])
def test_what_is_no_target(resource: str) -> None:
    with pytest.raises(Unprocessable):
        Target(resource)


def test_the_compact_view() -> None:
    shown = known()[INSTALL].summary()
    assert shown["keys"] == ["app_id"]
    assert shown["fields"]["appInstallType"]["values"][1:4] == ["BLOCKED", "ALLOWED", "FORCED"]
    assert known()[PROXY].summary()["fields"]["maxConnectionsPerProxy"] == {"type": "int64", "least": 1, "most": 99}


def test_schemas_come_in_pages(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "PAGE", 3)
    names, token, pages = [], "", 0
    while True:
        found, token = policies.schemas(office.house, "", token)
        names += [schema.name for schema in found]
        pages += 1
        if not token:
            break
    assert sorted(names) == sorted(SCHEMAS)
    assert pages > 3
    assert policies.schema(office.house, PROXY) == known()[PROXY]


def test_what_is_set_is_in_force_below_until_it_is_inherited_again(
    quick: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "PAGE", 1)
    above = root(quick)
    number = above.resource.removeprefix("orgunits/")
    path = next(unit.path for unit in directory.org_units(quick.house) if unit.id == number)
    below = Target(f"orgunits/{directory.add_org_unit(quick.house, 'Below', path).id}")
    proxy = Setting(PROXY, above, {"maxConnectionsPerProxy": "9"})
    sent(quick, logout(above), proxy, logout(below, False))
    assert effective(quick, below, "chrome.users.*") == {
        (LOGOUT,): ({"showLogoutButton": False}, below.resource),
        (PROXY,): ({"maxConnectionsPerProxy": "9"}, above.resource),
    }
    sent(quick, Setting(LOGOUT, below))
    assert effective(quick, below, LOGOUT) == {(LOGOUT,): ({"showLogoutButton": True}, above.resource)}


def test_apps_of_a_group(quick: Office) -> None:
    forced = [Setting(INSTALL, app(GROUP, name), {"appInstallType": "FORCED"}) for name in "ab"]
    sent(quick, *forced)
    sent(quick, Setting(INSTALL, app(GROUP, "a")))
    assert effective(quick, Target(GROUP), "chrome.users.apps.*") == {
        (INSTALL, "b"): ({"appInstallType": "FORCED"}, GROUP)
    }


def test_google_judges_what_we_did_not(quick: Office) -> None:
    value = {"policySchema": LOGOUT, "value": {"showLogoutButton": 1}}
    request = {"policyTargetKey": root(quick).wire(), "policyValue": value, "updateMask": "showLogoutButton"}
    with pytest.raises(GoogleRefused) as refused:
        policies.send(quick.house, Batch("orgunits:batchModify", (request,)))
    assert refused.value.code == 400
    with pytest.raises(GoogleRefused):
        policies.effective(quick.house, Target(GROUP), "chrome.*")


def test_more_writes_a_minute_than_google_takes(quick: Office) -> None:
    here = root(quick)
    for _ in range(A_MINUTE):
        sent(quick, logout(here))
    with pytest.raises(GoogleBusy):
        sent(quick, logout(here))


def test_a_network_and_its_certificate(quick: Office) -> None:
    here = root(quick)
    certificate = networks.define_certificate(
        quick.house, here, PEM, {"AllowForChromeDevices": {"allowForChromeDevices": True}}
    )
    details = {"ssid": "Office", "security": "WPA-EAP", "serverCaRefs": [certificate]}
    network = networks.define(
        quick.house,
        here,
        Network("Office", "wifi", details, {"AllowForChromeDevices": {"allowForChromeDevices": True}}),
    )
    found = effective(quick, here, "chrome.networks.wifi.*")
    assert found[("chrome.networks.wifi.Details", network)] == (details, here.resource)
    with pytest.raises(GoogleRefused):
        networks.remove_certificate(quick.house, here, certificate)
    networks.remove(quick.house, here, network)
    networks.remove_certificate(quick.house, here, certificate)
    assert effective(quick, here, "chrome.networks.wifi.*") == {}


def test_networks_belong_to_org_units(quick: Office) -> None:
    with pytest.raises(Unprocessable):
        networks.define(quick.house, Target(GROUP), Network("Office", "wifi", {"ssid": "Office"}))
    with pytest.raises(Unprocessable):
        networks.define(quick.house, Target(HERE), Network(" ", "wifi", {"ssid": "Office"}))
    with pytest.raises(Unprocessable):
        networks.define_certificate(quick.house, Target(HERE), "MIIB", {})
