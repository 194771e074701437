"""The Status that each command and alert of a device is owed (OMA-TS-DM_Protocol-V1_2_1 §6; MS-MDM §2.2.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chalicelib.platforms.windows import syncml
from chalicelib.platforms.windows.identity import Peer
from chalicelib.platforms.windows.syncml import Alert, Command, Group, Header, Message, Results, Status

HEADER = "0"  # what a CmdRef calls the header
OK, NOT_SUPPORTED = 200, 406
KNOWN_ALERTS = frozenset(
    {syncml.SERVER_SESSION, syncml.CLIENT_SESSION, syncml.NEXT_MESSAGE, syncml.ABORT, syncml.CLIENT_EVENT}
    | {syncml.NO_END_OF_DATA, syncml.GENERIC}
)


def of(message: Message, peer: Peer, chunks: Mapping[str, int]) -> list[Status]:
    """In the order of the commands. `chunks`: CmdID of Results that are part of a large object → how it is answered."""
    answered = [header(message.header, peer.code, peer.challenge), *_each(message, chunks)]
    return [_numbered(status, number) for number, status in enumerate(answered, start=1)]


def header(head: Header, code: int, challenge: syncml.Meta | None = None) -> Status:
    return Status("1", head.message, HEADER, "SyncHdr", code, (head.target,), (head.source,), challenge=challenge)


def _each(message: Message, chunks: Mapping[str, int]) -> Iterator[Status]:
    for part in message.each():
        verdict = _verdict(part, chunks)
        if verdict:
            name, code = verdict
            yield Status("", message.header.message, part.id, name, code)


def _verdict(part: syncml.Part, chunks: Mapping[str, int]) -> tuple[str, int] | None:
    if isinstance(part, Alert):
        return "Alert", OK if part.code in KNOWN_ALERTS else NOT_SUPPORTED
    if isinstance(part, Command):  # a device tells about itself; it has nothing to fetch, to delete or to run here
        return part.verb, OK if part.verb == syncml.REPLACE else NOT_SUPPORTED
    if isinstance(part, Group):
        return part.verb, NOT_SUPPORTED
    if isinstance(part, Results) and part.id in chunks:
        return "Results", chunks[part.id]
    return None


def _numbered(status: Status, number: int) -> Status:
    return replace(status, id=str(number))
