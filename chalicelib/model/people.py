"""Who asks: principals, their roles, and the tokens that speak for them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    HELPDESK = "helpdesk"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `person` is false for API tokens, which may never ask for anything destructive."""

    name: str
    role: Role
    person: bool
    ip: str = ""

    @property
    def actor(self) -> str:
        return f"user:{self.name}" if self.person else f"token:{self.name}"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token; only its SHA-256 is kept."""

    digest: str
    id: str
    name: str
    role: Role
    created_by: str
    created_at: int
    expires_at: int
    revoked: bool = False
    version: int = 0
