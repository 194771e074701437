"""Check-in messages handled: a device arrives, brings its push token and secrets, fetches declarations, leaves."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core import arrival, channels, escrow
from chalicelib.core.arrival import Hello
from chalicelib.core.errors import BadRequest, Conflict, Forbidden
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.core.trail import event
from chalicelib.model.device import Platform
from chalicelib.model.records import Setting
from chalicelib.platforms.apple import plist
from chalicelib.platforms.apple.checkin import (
    Authenticate,
    CheckOut,
    DeclarativeManagement,
    GetBootstrapToken,
    GetToken,
    Message,
    SetBootstrapToken,
    TokenUpdate,
    Unknown,
    UserAuthenticate,
)
from chalicelib.platforms.http import Response

PLIST_TYPE = "application/xml"
_SYSTEMS: Mapping[str, Platform] = {  # by the start of the product name, the longest first
    "AppleTV": Platform.TVOS,
    "RealityDevice": Platform.VISIONOS,
    "iPhone": Platform.IOS,
    "iPod": Platform.IOS,
    "iPad": Platform.IPADOS,
    "iMac": Platform.MACOS,
    "Mac": Platform.MACOS,
    "VirtualMac": Platform.MACOS,
    "Xserve": Platform.MACOS,
}


def handle(house: House, poll: Poll, message: Message) -> Response:
    handler = HANDLERS[type(message)]
    response = handler(house, poll, message)
    facts = {"message": type(message).__name__, "enrollment": poll.enrollment.id}
    return Response(response.status, response.body, response.content_type, response.headers, facts)


def system_of(product: str) -> Platform:
    for start, system in _SYSTEMS.items():
        if product.startswith(start):
            return system
    return Platform.IOS


def _authenticate(house: House, poll: Poll, message: Authenticate) -> Response:
    who = message.channel
    kind = "enrollment_id" if who.user_enrollment else "udid"
    hello = Hello(
        platform=system_of(message.model), hardware_id=who.hardware_id,
        identifiers={kind: who.hardware_id, **message.identifiers}, model=message.model,
        model_name=message.model_name, name=message.name, os_version=message.os_version, os_build=message.os_build,
        user_enrollment=who.user_enrollment,
    )  # fmt: skip
    arrival.authenticate(house, poll, hello)
    return Response()


def _token_update(house: House, poll: Poll, message: TokenUpdate) -> Response:
    who = message.channel
    if who.user_id:
        return _user_token_update(house, poll, message)
    _refuse_foreign_topic(house, message.topic)
    if message.unlock_token is not None:  # first, since a device that is enabled is not expected to send it again
        since = poll.enrollment.created_at
        escrow.put(house, poll.enrollment.device_id, "unlock_token", message.unlock_token, since=since)
    channels.enable(house, poll, _push(message), awaiting_configuration=message.awaiting_configuration)
    return Response()


def _push(message: TokenUpdate) -> dict[str, str]:
    return {"topic": message.topic, "token": message.token.hex(), "magic": message.magic}


def _refuse_foreign_topic(house: House, topic: str) -> None:
    """A push to another topic would be refused by Apple, and look as if the whole organisation were."""
    from chalicelib.platforms.apple import apns_identity

    setting = house.store.find(Setting, apns_identity.SETTING)
    if setting is not None and setting.value["topic"] != topic:
        raise BadRequest("The topic is not the one of this organisation's push certificate.")


def _user_token_update(house: House, poll: Poll, message: TokenUpdate) -> Response:
    who = message.channel
    try:
        channels.enable_user(house, poll, _push(message), user_id=who.user_id, user_name=who.user_name)
    except Forbidden as refused:  # a user too many must not read as "this device is not known", which unenrolls it
        raise Conflict(str(refused)) from refused
    return Response()


def _check_out(house: House, poll: Poll, message: CheckOut) -> Response:
    if not message.channel.user_id:
        channels.leave(house, poll.enrollment, "checked out")
    elif user := house.store.poll(f"{poll.enrollment.id}:{message.channel.user_id}", 1):
        channels.leave(house, user.enrollment, "checked out")
    return Response()


def _user_authenticate(house: House, poll: Poll, message: UserAuthenticate) -> Response:
    """410 declines to manage network users, for this login session; local users come by TokenUpdate."""
    return Response(410)


def _set_bootstrap_token(house: House, poll: Poll, message: SetBootstrapToken) -> Response:
    device_id = poll.enrollment.device_id
    if message.token is not None:
        escrow.put(house, device_id, "bootstrap_token", message.token, since=poll.enrollment.created_at)
    elif changes := escrow.forgetting(house, device_id, "bootstrap_token"):
        who = f"device:{device_id}"
        house.store.commit(*changes, audit=event(house, who, "escrow.removed", who, kind="bootstrap_token"))
    return Response()


def _get_bootstrap_token(house: House, poll: Poll, message: GetBootstrapToken) -> Response:
    held = escrow.current(house, poll.enrollment.device_id, "bootstrap_token", since=poll.enrollment.created_at)
    if held is None:
        return Response()
    return Response(body=plist.write({"BootstrapToken": held.reveal()}), content_type=PLIST_TYPE)


def _declarative_management(house: House, poll: Poll, message: DeclarativeManagement) -> Response:
    from chalicelib.platforms.apple import declarative  # rare: a poll does not need it

    return declarative.answer(house, poll, message)


def _get_token(house: House, poll: Poll, message: GetToken) -> Response:
    from chalicelib.platforms.apple import service_tokens  # rare: a poll does not need it

    token = service_tokens.issue(house, message.service)
    return Response(body=plist.write({"TokenData": token}), content_type=PLIST_TYPE)


def _unknown(house: House, poll: Poll, message: Unknown) -> Response:
    raise BadRequest("This type of check-in message is not known.")


HANDLERS: Mapping[type[Message], Callable[[House, Poll, Any], Response]] = {
    Authenticate: _authenticate,
    TokenUpdate: _token_update,
    CheckOut: _check_out,
    UserAuthenticate: _user_authenticate,
    SetBootstrapToken: _set_bootstrap_token,
    GetBootstrapToken: _get_bootstrap_token,
    DeclarativeManagement: _declarative_management,
    GetToken: _get_token,
    Unknown: _unknown,
}
