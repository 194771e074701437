"""What a simulated Windows PC says when the server breaks the protocol; the tree is the Apple devices' own."""

from __future__ import annotations

from tests.devices.apple.complaints import Complaint, MessageRefused, ReplyLost, ReportLost, ServerRefused

__all__ = [
    "Complaint", "EnrollmentFault", "MessageRefused", "PasswordDeclined", "ProvisioningRefused", "ReplyLost",
    "ReportLost", "ServerRefused", "SessionRefused",
]  # fmt: skip


class ProvisioningRefused(Complaint):
    """A provisioning document that this PC would not apply."""


class PasswordDeclined(Complaint):
    """A sign-in or terms page that did not lead where it should."""


class EnrollmentFault(ServerRefused):
    """A SOAP fault; subcode without its prefix (Authentication…), error_type of the detail where there is one."""

    def __init__(self, text: str, status: int, subcode: str, error_type: str, reason: str) -> None:
        super().__init__(text, status)
        self.subcode, self.error_type, self.reason = subcode, error_type, reason


class SessionRefused(ServerRefused):
    """The server does not take this PC for who it says it is: SyncHdr answered with code."""
