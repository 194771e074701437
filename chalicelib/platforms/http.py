"""What a device route gets and gives: bytes in, bytes out, whatever server stands in front."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from chalicelib.core.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str = ""  # as sent: "+" is a plus here, since SCEP puts base64 into it
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = field(default=b"", repr=False)
    client_certificate: str = ""  # PEM, where mutual TLS was terminated in front of us

    def parameter(self, name: str) -> str:
        """The only value of a query parameter, or ""."""
        pairs = (part.partition("=") for part in self.query.split("&"))
        values = [unquote(value) for key, _, value in pairs if unquote(key) == name]
        if len(values) > 1:
            raise BadRequest(f"The parameter {name} appears twice.")
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class Response:
    """`log` holds allow-listed facts for the one log line of the request (gateway/log.py), never a secret."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    log: Mapping[str, str | int] = field(default_factory=dict)
