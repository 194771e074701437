"""What a simulated device says when the server breaks the protocol: one tree under Complaint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Complaint(AssertionError):
    """The server did something that a strict device does not accept; the text says what."""


class ProfileRefused(Complaint):
    """A configuration profile that this device would not install."""


class MessageRefused(Complaint):
    """A reply on a device route that this device cannot make sense of."""


class ScepFailed(Complaint):
    """A SCEP exchange without a certificate; status and fail_info as in the CertRep, None where there was none."""

    def __init__(self, text: str, status: str | None = None, fail_info: str | None = None) -> None:
        super().__init__(text)
        self.status, self.fail_info = status, fail_info


class ServerRefused(Complaint):
    """An answer other than 200; code is the one of a 403 document (com.apple.unrecognized.device…)."""

    def __init__(self, text: str, status: int, body: bytes = b"", code: str | None = None) -> None:
        super().__init__(text)
        self.status, self.body, self.code = status, body, code


class ReplyLost(ConnectionError):
    """The request arrived and the answer got lost, because the test asked for that."""


class ReportLost(ConnectionError):
    """The request never left the device, because the test asked for that."""


class CommandRefused(Exception):
    """A well-formed command that this device will not do; becomes Status Error with an ErrorChain."""

    def __init__(self, text: str, code: int = 12008, domain: str = "MCMDMErrorDomain") -> None:
        super().__init__(text)
        self.chain: list[Mapping[str, Any]] = [
            {"ErrorCode": code, "ErrorDomain": domain, "LocalizedDescription": text, "USEnglishDescription": text}
        ]


class CommandMalformed(Exception):
    """A command whose keys do not fit its definition; becomes Status CommandFormatError."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.chain: list[Mapping[str, Any]] = CommandRefused(text, code=12008).chain
