"""What a device says in one package, however many messages and chunks it takes (OMA-TS-DM_Protocol-V1_2_1 §7, §8).

Messages of a package that is not complete wait in the blob store. All the rest of the code sees whole packages.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.core.errors import TooLarge
from chalicelib.core.house import House
from chalicelib.platforms.windows import syncml_read
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.syncml import Item, Message, Part, Results

MAX_PARTS = 64  # messages of one package
LARGEST = 4 * 1024 * 1024  # bytes of one package, before its last message
MOST_MARKS = 120_000  # "<" in them: reading is what costs
OK, CHUNK, WRONG_SIZE = 200, 213, 424


@dataclass(frozen=True, slots=True)
class Package:
    """`complete`: nothing more of it is to come. `codes`: how the chunks in its last message are answered, by CmdID.
    `broken`: a large object had no end."""

    parts: tuple[Part, ...]
    complete: bool = True
    codes: Mapping[str, int] = field(default_factory=dict)
    broken: bool = False


def receive(house: House, enrollment_id: str, talk: Conversation, message: Message, body: bytes) -> Package:
    """TooLarge where the device never comes to an end."""
    if goes_on(message):
        if talk.parts >= MAX_PARTS or talk.held + len(body) > LARGEST:
            raise TooLarge(f"A package has at most {MAX_PARTS} messages and {LARGEST} bytes.")
        house.blobs.put(_key(enrollment_id, talk.parts), body, "application/vnd.syncml.dm+xml")
        return Package(message.body, False, {part.id: CHUNK for part in _unfinished(message)})
    if not talk.parts:
        return _joined(message.body, message)
    earlier = tuple(_earlier(house, enrollment_id, talk))
    return _joined((*earlier, *message.body), message)


def goes_on(message: Message) -> bool:
    return not message.final or any(_unfinished(message))


def _unfinished(message: Message) -> Iterator[Results]:
    for part in message.body:
        if isinstance(part, Results) and any(item.more for item in part.items):
            yield part


def _earlier(house: House, enrollment_id: str, talk: Conversation) -> Iterator[Part]:
    marks = 0
    for number in range(talk.parts):
        body = house.blobs.get(_key(enrollment_id, number))
        marks += body.count(b"<")
        if marks > MOST_MARKS:
            raise TooLarge("A package has too many elements.")
        yield from syncml_read.read(body).body


def _key(enrollment_id: str, number: int) -> str:
    return f"windows/sessions/{enrollment_id}/{number:02d}.xml"


def _joined(parts: tuple[Part, ...], last: Message) -> Package:
    objects = _Objects()
    whole = [joined for part in parts if (joined := objects.join(part)) is not None]
    own = {part.id for part in last.body}
    codes = {key: code for key, code in objects.codes.items() if key in own}
    return Package(tuple(whole), True, codes, objects.broken or objects.open)


class _Objects:
    """Puts the chunks of large objects together, whatever Results they came in."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.broken = False
        self._chunks: list[Item] = []

    @property
    def open(self) -> bool:
        return bool(self._chunks)

    def join(self, part: Part) -> Part | None:
        """None where nothing of it is whole."""
        if not isinstance(part, Results):
            return part
        items = [whole for item in part.items if (whole := self._item(part.id, item)) is not None]
        return replace(part, items=tuple(items)) if items else None

    def _item(self, command_id: str, item: Item) -> Item | None:
        if self._chunks and item.uri not in ("", self._chunks[0].uri):
            self._chunks, self.broken = [], True
        if not item.more and not self._chunks:
            return item
        self._chunks.append(item)
        if item.more:
            return None
        whole, self._chunks = _object(self._chunks), []
        self.codes[command_id] = OK if whole else WRONG_SIZE
        return whole


def _object(chunks: list[Item]) -> Item | None:
    """One item of its chunks; None where it has not the size that the first one told."""
    data, told = "".join(chunk.data or "" for chunk in chunks), chunks[0].meta.size
    if told >= 0 and told not in (len(data.encode()), _decoded(data)):
        return None
    return replace(chunks[0], data=data, more=False)


def _decoded(data: str) -> int:
    """Some count the bytes that base64 stands for."""
    try:
        return len(base64.b64decode("".join(data.split()), validate=True))
    except (binascii.Error, ValueError):
        return -1
