"""What is remembered between the messages of a session (Enrollment.session), so that any function can go on with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from chalicelib.platforms.windows.syncml import Header

ROOM = 512 * 1024  # bytes of a message, where the device does not say
SMALLEST_ROOM = 4 * 1024
LONGEST_SESSION = 64  # characters of a session id


@dataclass(frozen=True, slots=True)
class Conversation:
    """The first part is of one session; what stands below `nonce` outlives it."""

    session: str = ""
    sent: int = 0  # MsgID of our last message
    answered: str = ""  # digest of the message that it answered
    asked: str = ""  # what it asked for by itself; see sections.py
    late: tuple[str, ...] = ()  # the sections whose second questions it asked
    rest: bool = False  # further nodes, and the answers so far, lie in the blob store
    user: bool = False  # somebody is logged in
    room: int = ROOM  # bytes that the device takes in one message
    largest: int = 0  # bytes that it takes in one object, over all its chunks; 0: not told
    parts: int = 0  # messages of the device's package that wait for their end
    held: int = 0  # their bytes
    nonce: int = 0  # number of the next digest
    hello: Mapping[str, str] = field(
        default_factory=dict
    )  # what the enrollment request said, until the device is known
    device_info: str = ""  # digest of the DevInfo that is in the inventory

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Conversation":
        known = {each.name for each in fields(cls)}
        told = {name: value for name, value in stored.items() if name in known}
        return cls(**{**told, "late": tuple(told.get("late", ()))})

    def stored(self) -> dict[str, Any]:
        plain = asdict(Conversation())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}

    def heard(self, header: Header) -> "Conversation":
        """As it stands with this message. A first message begins anew, since some devices use a session id twice."""
        talk = self
        if header.message == 1 or header.session != self.session:
            talk = Conversation(
                session=header.session[:LONGEST_SESSION],
                nonce=self.nonce,
                hello=self.hello,
                device_info=self.device_info,
            )
        told = header.meta
        if told.max_message > 0:
            talk = replace(talk, room=min(max(told.max_message, SMALLEST_ROOM), ROOM))
        return replace(talk, largest=told.max_object) if told.max_object > 0 else talk

    def next_message(self, header: Header) -> int:
        """Rises by one; never behind the device's, whose first try may have been answered with a challenge only."""
        return max(self.sent + 1, header.message)
