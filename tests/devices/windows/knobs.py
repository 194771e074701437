"""How a test makes a PC misbehave."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.devices.windows.tree import canonical


@dataclass
class Knobs:
    """All of it is off at first; the counted ones run out."""

    silent: bool = False
    lose_replies: int = 0  # the server has the message, its answer is lost
    lose_reports: int = 0  # the next message with statuses of commands never leaves
    duplicates: int = 0  # messages sent twice; both answers lie in pc.doubled
    reuse_session: bool = False  # the SessionID does not rise (MsgID starts at 1 anyway)
    source: str = ""  # another device's Source/LocURI
    client_certificate: bool = True
    digest: str = "normal"  # normal | wrong | none | replay (the nonce of the first message, forever)
    chunk_size: int = 0  # Results data in pieces of so many bytes
    max_message_size: int = 0  # told to the server in SyncHdr/Meta; real first sessions carry none
    device_id_in_data: str = ""  # another DevInfo/DevId than the own
    extra_alerts: list[tuple[str, str, str]] = field(default_factory=list)  # code, Meta/Type, Data: once
    extra_commands: list[str] = field(default_factory=list)  # element names that no server knows: once
    wrong_size: bool = False  # chunked Results with a Size that is not theirs
    comments: bool = False  # a comment inside each text of the message
    strict: bool = True  # else breaches are noted in pc.complaints, and answered as Windows does
    work_sessions: int = 1  # ends of session until what is under way is done
    outcomes: dict[str, str] = field(default_factory=dict)  # LocURI of a status node → what it says in the end
    renewal_value_type: str = ""  # of the PKCS#7; "" takes the one of [MS-MDE2]
    token_alphabet: str = "standard"  # | urlsafe: of an Entra token in base64
    request_version: str = "4.0"
    csr_digest: str = ""  # another hash than the policy wants
    answers: list[list[object]] = field(default_factory=list)  # [canonical LocURI, verb or None, status, times left]

    def answer_for(self, verb: str, uri: str) -> int | None:
        for entry in self.answers:
            if entry[0] == canonical(uri) and entry[1] in (None, verb) and int(str(entry[3])) > 0:
                entry[3] = int(str(entry[3])) - 1
                return int(str(entry[2]))
        return None

    def take(self, name: str) -> bool:
        left = getattr(self, name)
        if left > 0:
            setattr(self, name, left - 1)
        return bool(left > 0)
