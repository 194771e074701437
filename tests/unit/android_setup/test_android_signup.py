"""Signing an organisation up for Android: from the link to the policies at Google, and all that can go wrong."""

import threading
from typing import Any

import pytest

from chalicelib.core import audit, google_settings, google_setup
from chalicelib.core.errors import Conflict, Forbidden, Gone, MusterError, Unavailable, Unprocessable
from chalicelib.core.google_settings import NotConnected
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.platforms.android import policy_shared, signup
from chalicelib.platforms.google.client import GoogleBusy, GoogleRefused
from tests.unit.android_setup.conftest import ADMIN, Site

CREATE = "POST /androidmanagement*/v1/enterprises"
TOLD = ["ENROLLMENT", "STATUS_REPORT", "COMMAND"]


def enterprises(site: Site) -> dict[str, Any]:
    return {name: one for name, one in site.control.state()["enterprises"].items() if one["project"] == site.project}


def test_an_organisation_signs_up(site: Site) -> None:
    begun = signup.start(site.house, ADMIN)
    assert begun.expires_at - site.clock() in range(3590, 3601)
    name = signup.finish(site.house, *site.come_back(begun.url))
    assert google_settings.enterprise(site.house) == name
    [created] = site.asked("POST", "/v1/enterprises")
    assert created["body"] == {
        "pubsubTopic": site.topic, "enabledNotificationTypes": TOLD, "enterpriseDisplayName": "Example",
    }  # fmt: skip
    pushed = sorted(one["path"].rsplit("/", 1)[1] for one in site.asked("PATCH", f"{name}/policies/"))
    assert pushed == ["arriving", "corporate", "dedicated", "personal"]
    trail = [(one.event.actor, one.event.action, one.event.target) for one in audit.recent(site.house, ADMIN, 10)]
    assert trail.count(("user:ada", "settings.changed", "setting:android.enterprise")) == 1
    assert trail.count(("user:ada", "android.signup.started", "setting:android.signup")) == 1


def test_the_state_is_not_kept_and_neither_is_googles_token(site: Site) -> None:
    state, token = site.come_back(signup.start(site.house, ADMIN).url)
    signup.finish(site.house, state, token)
    kept = str(site.house.store.get(Setting, signup.SIGNUP).value) + str(audit.recent(site.house, ADMIN, 10))
    assert state not in kept
    assert token not in kept


def test_coming_back_twice_does_no_harm(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    name = signup.finish(site.house, *back)
    asked = len(site.asked("POST")) + len(site.asked("PATCH"))
    assert signup.finish(site.house, *back) == name
    assert len(site.asked("POST")) + len(site.asked("PATCH")) == asked
    google_setup.release(site.house, ADMIN)
    assert signup.finish(site.house, *back) == name
    assert google_settings.enterprise(site.house) == ""


def test_two_callbacks_at_once_make_one_enterprise(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    site.control.fault(CREATE, delay=0.5)
    found: list[str | MusterError] = []

    def come() -> None:
        try:
            found.append(signup.finish(site.house, *back))
        except MusterError as error:
            found.append(error)

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(site.asked("POST", "/v1/enterprises")) == 1
    assert sorted(type(one).__name__ for one in found) == ["Unavailable", "str"], found


@pytest.mark.parametrize("state", ["", "0" * 26, "ä"])
def test_a_strangers_state_is_refused(site: Site, state: str) -> None:
    _, token = site.come_back(signup.start(site.house, ADMIN).url)
    with pytest.raises(Gone, match="not known"):
        signup.finish(site.house, state, token)
    assert google_settings.enterprise(site.house) == ""
    assert site.asked("POST", "/v1/enterprises") == []


def test_nobody_comes_back_where_nobody_left(site: Site) -> None:
    with pytest.raises(Gone):
        signup.finish(site.house, "0" * 26, "token")


def test_a_sign_up_lives_an_hour(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    site.clock.ahead += 3600
    with pytest.raises(Gone, match="longer than an hour"):
        signup.finish(site.house, *back)
    assert google_settings.enterprise(site.house) == ""


def test_the_later_of_two_sign_ups_counts(site: Site) -> None:
    first = site.come_back(signup.start(site.house, ADMIN).url)
    second = site.come_back(signup.start(site.house, ADMIN).url)
    with pytest.raises(Gone):
        signup.finish(site.house, *first)
    assert signup.finish(site.house, *second) == google_settings.enterprise(site.house)


@pytest.mark.parametrize("token", ["", "a b", "x" * 2001, "made-up"])
def test_a_token_that_is_not_googles(site: Site, token: str) -> None:
    state, _ = site.come_back(signup.start(site.house, ADMIN).url)
    with pytest.raises((Unprocessable, GoogleRefused), match="sign-up"):
        signup.finish(site.house, state, token)
    assert google_settings.enterprise(site.house) == ""


def test_it_goes_on_where_google_was_busy(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    site.control.fault(CREATE, 503)
    with pytest.raises(GoogleBusy):
        signup.finish(site.house, *back)
    site.control.fault("PATCH /androidmanagement*/policies/personal", 503)
    with pytest.raises(GoogleBusy):
        signup.finish(site.house, *back)
    name = google_settings.enterprise(site.house)
    assert list(enterprises(site)) == [name]
    assert signup.finish(site.house, *back) == name
    assert len(site.asked("PATCH", "/policies/personal")) == 1
    assert list(enterprises(site)) == [name]


def test_a_topic_that_google_may_not_publish_to(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    site.control.close_topic(site.topic)
    with pytest.raises(GoogleRefused, match=r"403.*Pub/Sub Publisher"):
        signup.finish(site.house, *back)


def test_whoever_lost_the_role_meanwhile_does_not_finish(site: Site) -> None:
    back = site.come_back(signup.start(site.house, Principal("bob", Role.ADMIN, person=True)).url)
    with pytest.raises(Forbidden, match="no role"):
        signup.finish(site.house, *back)
    site.house.identities.create_user("bob", Secret("correct horse battery"), Role.HELPDESK)
    with pytest.raises(Forbidden, match=r"trust\.write"):
        signup.finish(site.house, *back)
    assert site.asked("POST", "/v1/enterprises") == []


@pytest.mark.parametrize(
    "who",
    [Principal("h", Role.HELPDESK, person=True), Principal("t", Role.ADMIN, person=False)],
    ids=lambda who: who.name,
)
def test_who_may_not(site: Site, who: Principal) -> None:
    with pytest.raises(Forbidden):
        signup.start(site.house, who)
    with pytest.raises(Forbidden):
        signup.adopt(site.house, who, "enterprises/LC1")


def test_without_a_connection(unconnected: Site) -> None:
    with pytest.raises(NotConnected, match="muster google connect"):
        signup.start(unconnected.house, ADMIN)


def test_one_enterprise_is_enough(bound: Site) -> None:
    with pytest.raises(Conflict, match="in use"):
        signup.start(bound.house, ADMIN)
    with pytest.raises(Conflict, match="in use"):
        signup.adopt(bound.house, ADMIN, "enterprises/LC9")


def test_another_one_bound_meanwhile_is_not_replaced(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    google_setup.bind(site.house, ADMIN, "enterprises/LC9")
    with pytest.raises(Conflict):
        signup.finish(site.house, *back)
    assert site.asked("POST", "/v1/enterprises") == []


def test_a_claim_lapses(site: Site) -> None:
    """A process that died in the middle does not lock the sign-up."""
    back = site.come_back(signup.start(site.house, ADMIN).url)
    held = site.house.store.get(Setting, signup.SIGNUP)
    value = {**held.value, "claimed_until": site.clock() + signup.PATIENCE}
    site.house.store.replace(Setting(held.name, value, held.version))
    with pytest.raises(Unavailable, match="reload"):
        signup.finish(site.house, *back)
    site.clock.ahead += signup.PATIENCE
    assert signup.finish(site.house, *back)


def test_an_enterprise_that_exists_is_adopted(bound: Site) -> None:
    name = google_settings.enterprise(bound.house)
    google_setup.release(bound.house, ADMIN)
    bound.connect(topic=f"projects/{bound.project}/topics/another")
    bound.clock.ahead += 61
    bound.control.advance(61)
    assert signup.adopt(bound.house, ADMIN, name) == name == google_settings.enterprise(bound.house)
    told = enterprises(bound)[name]["resource"]
    assert told["pubsubTopic"].endswith("/topics/another")
    assert told["enabledNotificationTypes"] == TOLD
    assert told["enterpriseDisplayName"] == "Example"
    policy_shared.patch(
        bound.house, f"{name}/policies/personal", {"cameraAccess": "CAMERA_ACCESS_DISABLED"}, "cameraAccess"
    )
    assert signup.adopt(bound.house, ADMIN, name) == name
    assert policy_shared.settle(bound.house) == ()


@pytest.mark.parametrize("name", ["enterprises/LCnone", "LC1", "enterprises/a/b", "enterprises/.."])
def test_what_cannot_be_adopted(site: Site, name: str) -> None:
    with pytest.raises(Unprocessable):
        signup.adopt(site.house, ADMIN, name)
    assert google_settings.enterprise(site.house) == ""


def test_a_key_that_was_revoked_is_not_taken_for_a_missing_enterprise(site: Site) -> None:
    back = site.come_back(signup.start(site.house, ADMIN).url)
    site.control.revoke(f"muster@{site.project}.iam.gserviceaccount.com")
    for attempt in (
        lambda: signup.adopt(site.house, ADMIN, "enterprises/LC1"),
        lambda: signup.finish(site.house, *back),
    ):
        with pytest.raises(GoogleRefused, match="key of the service account"):
            attempt()
