"""Sign-up, binding, enterprises; web tokens, web apps and the store."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


def test_a_binding_is_made_once(customer: Any, control: Any) -> None:
    api = customer.client()
    back = "https://muster.example/back?state=1"
    signup = api.signupUrls().create(projectId=customer.project, callbackUrl=back).execute()
    said = control.signup(signup["url"], call=False)
    assert said["callback"] == f"{back}&enterpriseToken={said['enterpriseToken']}"
    asked = {"projectId": customer.project, "signupUrlName": signup["name"]}
    create = api.enterprises().create
    assert refused(create(**asked, enterpriseToken="EAHwrong", body={})) == 400
    made = create(**asked, enterpriseToken=said["enterpriseToken"], body={"enterpriseDisplayName": "Example"}).execute()
    assert made["name"].startswith("enterprises/LC0")
    assert refused(create(**asked, enterpriseToken=said["enterpriseToken"], body={})) == 400


def test_the_callback_is_called_as_a_browser_would(customer: Any, control: Any, receiver: Any) -> None:
    api = customer.client()
    signup = api.signupUrls().create(projectId=customer.project, callbackUrl=receiver.url).execute()
    assert control.signup(signup["url"])["status"] == 501  # our receiver takes POST only: it was asked by GET


def test_a_sign_up_goes_stale(customer: Any, control: Any) -> None:
    api = customer.client()
    signup = api.signupUrls().create(projectId=customer.project, callbackUrl="https://muster.example/").execute()
    control.advance(1801)
    with pytest.raises(Exception, match="too old"):
        control.signup(signup["url"], call=False)


def test_a_callback_is_https_and_the_project_ones_own(customer: Any) -> None:
    create = customer.client().signupUrls().create
    assert refused(create(projectId=customer.project, callbackUrl="http://muster.example/")) == 400
    assert refused(create(projectId="elsewhere", callbackUrl="https://muster.example/")) == 403
    assert refused(create(callbackUrl="https://muster.example/")) == 400


def test_a_foreign_enterprise_is_forbidden(bound: Any) -> None:
    stranger = type(bound.customer)(bound.customer.google).client().enterprises()
    assert refused(stranger.get(name=bound.name)) == 403
    assert refused(stranger.devices().list(parent=bound.name)) == 403
    assert refused(bound.enterprises.get(name="enterprises/LC000000000")) == 403


def test_a_patch_changes_what_its_mask_names(bound: Any) -> None:
    patch = bound.enterprises.patch
    patch(name=bound.name, body={"enterpriseDisplayName": "A", "primaryColor": 7}).execute()
    said = patch(name=bound.name, body={"enterpriseDisplayName": "B"}, updateMask="enterpriseDisplayName").execute()
    assert (said["enterpriseDisplayName"], said["primaryColor"]) == ("B", 7)
    said = patch(name=bound.name, body={"enterpriseDisplayName": "C"}).execute()
    assert "primaryColor" not in said
    assert refused(patch(name=bound.name, body={}, updateMask="colour")) == 400


def test_topics_have_a_form_and_have_to_let_google_publish(bound: Any, control: Any) -> None:
    patch = bound.enterprises.patch
    assert refused(patch(name=bound.name, body={"pubsubTopic": "amapi"}, updateMask="pubsubTopic")) == 400
    control.close_topic("projects/shut/topics/amapi")
    body = {"pubsubTopic": "projects/shut/topics/amapi"}
    assert refused(patch(name=bound.name, body=body, updateMask="pubsubTopic")) == 403


def test_a_deleted_enterprise_takes_all_along(bound: Any) -> None:
    name = bound.phone()
    bound.enterprises.delete(name=bound.name).execute()
    assert refused(bound.devices.get(name=name)) == 403


def test_web_tokens_are_for_one_frame(bound: Any) -> None:
    create = bound.enterprises.webTokens().create
    said = create(
        parent=bound.name, body={"parentFrameUrl": "https://muster.example", "enabledFeatures": ["PLAY_SEARCH"]}
    )
    assert len(said.execute()["value"]) == 80
    assert refused(create(parent=bound.name, body={"parentFrameUrl": "http://muster.example"})) == 400


def test_web_apps_live_and_die(bound: Any) -> None:
    apps = bound.enterprises.webApps()
    made = apps.create(parent=bound.name, body={"title": "Wiki", "startUrl": "https://wiki.example"}).execute()
    changed = apps.patch(name=made["name"], body={"title": "Docs"}, updateMask="title").execute()
    assert (changed["title"], changed["startUrl"], changed["versionCode"]) == ("Docs", "https://wiki.example", "2")
    assert apps.list(parent=bound.name).execute()["webApps"] == [changed]
    apps.delete(name=made["name"]).execute()
    assert apps.list(parent=bound.name).execute() == {}


def test_the_store_knows_some_apps(bound: Any, control: Any) -> None:
    get = bound.enterprises.applications().get
    assert get(name=f"{bound.name}/applications/com.slack").execute()["title"] == "Slack"
    assert refused(get(name=f"{bound.name}/applications/com.example.own")) == 404
    control.store(**{"com.example.own": "Own"})
    assert get(name=f"{bound.name}/applications/com.example.own").execute()["title"] == "Own"
