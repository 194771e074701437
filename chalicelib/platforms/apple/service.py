"""The device's requests, one after the other: proof, message, binding, handler (Apple mdm/checkin, mdm/commands).

An idle poll costs one store call: the binding and the head of the queue are read together.
"""

from chalicelib.core import enrollment
from chalicelib.core.delivery import HEAD
from chalicelib.core.errors import NotManaged
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.platforms.apple import checkin, connect, identity, plist, report
from chalicelib.platforms.apple.message import Channel
from chalicelib.platforms.http import Request, Response

CHECKIN_TYPE = "application/x-apple-aspen-mdm-checkin"
CHECKIN_PATH = "/apple/checkin"


def serve(house: House, request: Request) -> Response:
    """This Content-Type marks a check-in wherever it arrives; a report comes with any other, or with none."""
    content_type = request.headers.get("content-type", "").strip().lower()
    if content_type.startswith(CHECKIN_TYPE) or request.path == CHECKIN_PATH:
        return check_in(house, request)
    return report_in(house, request)


def check_in(house: House, request: Request) -> Response:
    from chalicelib.platforms.apple import arrivals  # rare, and brings what a poll does not need

    proof = identity.prove(house, request)
    message = checkin.parse(plist.read(request.body))
    poll = enrollment.recognise(house, proof.enrollment_id, proof.fingerprint)
    if not isinstance(message, checkin.Authenticate):  # the core judges that one, and audits what it refuses
        _agree(poll, message.channel)
    return arrivals.handle(house, poll, message)


def report_in(house: House, request: Request) -> Response:
    proof = identity.prove(house, request)
    message = report.parse(plist.read(request.body))
    poll = enrollment.recognise(house, proof.enrollment_id, proof.fingerprint)
    _agree(poll, message.channel)
    if message.channel.user_id:
        user = house.store.poll(f"{poll.enrollment.id}:{message.channel.user_id}", HEAD)
        if user is None:
            return connect.answer_unknown_user(poll, message)
        poll = user
    return connect.answer(house, poll, message)


def _agree(poll: Poll, channel: Channel) -> None:
    """The certificate says who speaks; the body must name the same device, and that one must have authenticated."""
    if poll.enrollment.hardware_id != channel.hardware_id:  # empty before the first Authenticate
        raise NotManaged("The certificate is not bound to the device that the message names.")
