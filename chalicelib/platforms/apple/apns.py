"""Wakes devices through Apple's push service (APNs provider API): one HTTP/2 connection for a batch.

The answers, by what they mean for us: the token is gone (the device tells a new one at its next token update), the
organisation's certificate or our request is wrong (everybody is affected), or try again later.
"""

import json
import ssl
from collections.abc import Mapping, Sequence

from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.apple import apns_identity
from chalicelib.platforms.apple.apns_connection import Answer, Broken, Connection, Request

LIFETIME = 7 * 86_400  # APNs keeps the newest push for a sleeping device so long; the sweep repeats it anyway
GONE = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})  # beside everything that is answered with 410
BUSY = frozenset({0, 408, 429, 500, 502, 503, 504})
# How OpenSSL names a refused certificate, of either side (RFC 8446 §6.2)
DISTRUST = ("CERTIFICATE", "UNKNOWN_CA", "DECRYPT_ERROR", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


def push(house: House, enrollments: Sequence[Enrollment]) -> dict[str, PushRefused | None]:
    """Enrollment id → None where APNs accepted the push, which does not mean that the device got it."""
    try:
        identity = apns_identity.identity(house)
    except PushRefused as refusal:
        return {enrollment.id: refusal for enrollment in enrollments}
    unfit = {each.id: reason for each in enrollments if (reason := _unfit(each, identity.topic))}
    fit = {each.id: each for each in enrollments if each.id not in unfit}
    return {**unfit, **(_send(house, identity.context, fit) if fit else {})}


def _unfit(enrollment: Enrollment, topic: str) -> PushRefused | None:
    """Why there is no use in asking APNs."""
    if not enrollment.push.get("token") or not enrollment.push.get("magic"):
        return PushRefused("The device has not told its push token yet.", gone=True)
    if enrollment.push.get("topic") != topic:
        return PushRefused("The device listens to another topic than that of the push certificate.", alarm=True)
    return None


def _send(house: House, context: ssl.SSLContext, fit: Mapping[str, Enrollment]) -> dict[str, PushRefused | None]:
    requests = {name: _request(enrollment, house.clock() + LIFETIME) for name, enrollment in fit.items()}
    answered: dict[str, PushRefused | None] = {}
    failure = PushRefused("APNs did not answer.")
    try:
        with Connection(house.settings.push_url, context) as connection:
            for name, answer in connection.exchange(requests):
                answered[name] = verdict(answer, fit[name])
    except ssl.SSLError as error:
        reason = error.reason or type(error).__name__
        failure = PushRefused(f"TLS with APNs failed: {reason}.", alarm=any(word in reason for word in DISTRUST))
    except (OSError, Broken) as error:
        failure = PushRefused(f"The connection to APNs failed: {error}.")
    return {name: answered.get(name, failure) for name in fit}


def _request(enrollment: Enrollment, expiration: int) -> Request:
    headers = (
        ("apns-push-type", "mdm"),
        ("apns-topic", enrollment.push["topic"]),
        ("apns-priority", "10"),
        ("apns-expiration", str(expiration)),
    )
    body = json.dumps({"mdm": enrollment.push["magic"]}, separators=(",", ":")).encode()
    return Request(f"/3/device/{enrollment.push['token']}", headers, body)


def verdict(answer: Answer, enrollment: Enrollment) -> PushRefused | None:
    reason = f"APNs answered {answer.status} {answer.reason}".strip()
    if answer.status == 200:
        return None
    if answer.status == 410 or answer.reason in GONE:
        return PushRefused(reason, gone=not _renewed(answer, enrollment))
    return PushRefused(reason, alarm=answer.status not in BUSY)


def _renewed(answer: Answer, enrollment: Enrollment) -> bool:
    """The device has told its token since APNs last found it invalid: the answer is out of date."""
    return 0 < answer.timestamp < 1000 * int(enrollment.push.get("at", 0))
