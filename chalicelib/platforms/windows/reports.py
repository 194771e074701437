"""What a package reports on our commands: status codes and values, found by message and command."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.platforms.windows.progress import owner
from chalicelib.platforms.windows.syncml import Meta, Part, Results, Status

NOT_FOUND = 404
SUCCESS = range(200, 300)
NOT_EXECUTED, ROLLED_BACK = 215, 216  # in an Atomic that failed elsewhere


@dataclass(frozen=True, slots=True)
class Reports:
    """Keyed by (MsgRef, CmdRef)."""

    codes: Mapping[tuple[int, str], int]
    values: Mapping[tuple[int, str], Mapping[str, str]]
    challenge: Meta | None = None  # what we have to prove ourselves with

    def owners(self) -> list[str]:
        """The commands and sections that are reported on, in order."""
        return list(dict.fromkeys(owner(reference) for _, reference in (*self.codes, *self.values)))

    def answers(self, message: int, asked: Mapping[str, str]) -> dict[str, str] | None:
        """LocURI → value for questions (CmdID → LocURI); "" where the node is missing. None while one is open."""
        found: dict[str, str] = {}
        for reference, uri in asked.items():
            values, code = self.values.get((message, reference)), self.codes.get((message, reference))
            if values is None and code is None:
                return None
            if values and uri and len(values) == 1:
                found[uri] = next(iter(values.values()))  # some spell the name of the node in their own way
            elif values:
                found |= {name or uri: value for name, value in values.items()}
            elif code == NOT_FOUND:
                found[uri] = ""
        return found


def of(parts: Iterable[Part]) -> Reports:
    codes: dict[tuple[int, str], int] = {}
    values: dict[tuple[int, str], dict[str, str]] = {}
    challenge = None
    for part in parts:
        if isinstance(part, Status):
            if part.command == "SyncHdr":
                challenge = part.challenge if part.code in (401, 407) else None
            else:
                codes[part.message_ref, part.command_ref] = part.code
        elif isinstance(part, Results):
            told = {item.uri: item.data or "" for item in part.items}
            values.setdefault((part.message_ref, part.command_ref), {}).update(told)
    return Reports(codes, values, challenge)
