"""What an attacker brings: foreign authorities, expired and self-made certificates, hostile property lists."""

from __future__ import annotations

import plistlib
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from tests.devices.apple import cms, requests
from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.requests import Names

__all__ = ["AppleDeviceCA", "Authority", "Identity", "Names", "cms", "requests", "self_signed"]

DOCTYPE = b'<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'


class Authority:
    """A certificate authority of one's own; expired authorities make expired chains."""

    def __init__(
        self, common_name: str = "Another CA", *, parent: Authority | None = None, expired: bool = False
    ) -> None:
        self.key = new_key()
        self.expired = expired
        name = _name(common_name)
        issuer, signer = (parent.name, parent.key) if parent else (name, self.key)
        builder = _builder(name, issuer, self.key.public_key(), days=3650, expired=expired)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = builder.sign(signer, hashes.SHA256())

    @classmethod
    def of(cls, identity: Identity) -> Authority:
        """One that was kept."""
        authority = cls.__new__(cls)
        authority.key, authority.certificate, authority.expired = identity.key, identity.x509, False
        return authority

    @property
    def name(self) -> x509.Name:
        return self.certificate.subject

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        common_name: str,
        *,
        days: int = 365,
        expired: bool = False,
        key: rsa.RSAPrivateKey | None = None,
        organization: str = "",
        extensions: tuple[x509.ExtensionType, ...] = (),
    ) -> Identity:
        key = key or new_key()
        name = _name(common_name, organization)
        certificate = self.certify(name, key.public_key(), days=days, expired=expired, extensions=extensions)
        return Identity(certificate.public_bytes(serialization.Encoding.DER), key)

    def certify(
        self,
        name: x509.Name,
        public: CertificatePublicKeyTypes,
        *,
        days: int = 365,
        expired: bool = False,
        extensions: tuple[x509.ExtensionType, ...] = (),
    ) -> x509.Certificate:
        builder = _builder(name, self.name, public, days=days, expired=expired or self.expired)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())


class AppleDeviceCA:
    """Stands in for the Apple iPhone Device CA: a root, an intermediate whose time is over, factory identities."""

    def __init__(self) -> None:
        self.root = Authority("Test Apple Root CA")
        self.intermediate = Authority("Test Apple iPhone Device CA", parent=self.root, expired=True)

    @property
    def chain(self) -> list[bytes]:
        return [self.intermediate.der, self.root.der]

    @property
    def trusted_pem(self) -> str:
        """What the server has to be told: the intermediate and the root."""
        return self.intermediate.pem + self.root.pem

    def factory_identity(self, udid: str) -> Identity:
        return self.intermediate.issue(udid)


def self_signed(common_name: str, days: int = 365) -> Identity:
    return requests.self_signed(new_key(), [("CN", common_name)], days)


def _name(common_name: str, organization: str = "") -> x509.Name:
    parts = [("O", organization)] if organization else []
    return requests.subject_name([*parts, ("CN", common_name)])


def _builder(
    name: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, *, days: int, expired: bool
) -> x509.CertificateBuilder:
    end = datetime.now(UTC) + (timedelta(days=-1) if expired else timedelta(days=days))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=days + 1))
        .not_valid_after(end)
    )


def binary_bomb(depth: int = 60, keys: Mapping[str, str] | None = None) -> bytes:
    """A few hundred bytes that parse at once into a graph of 2^depth paths; keys stand beside it in the dictionary."""
    objects = [b"\xa2" + bytes((place + 1, place + 1)) for place in range(depth)] + [b"\x09"]
    return _binary_dictionary(objects, "Bomb", keys or {})


def self_reference(keys: Mapping[str, str] | None = None) -> bytes:
    """An array that holds itself."""
    return _binary_dictionary([b"\xa1\x00"], "Loop", keys or {})


def deep_binary(depth: int = 200, keys: Mapping[str, str] | None = None) -> bytes:
    objects = [b"\xa1" + bytes((place + 1,)) for place in range(depth)] + [b"\x09"]
    return _binary_dictionary(objects, "Deep", keys or {})


def deep_xml(depth: int = 1_000_000) -> bytes:
    return _xml(b"<dict><key>Deep</key>" + b"<array>" * depth + b"</array>" * depth + b"</dict>")


def duplicate_keys(key: str, *values: str, others: Mapping[str, str] | None = None) -> bytes:
    pairs = [(key, value) for value in values] + list((others or {}).items())
    return _xml(b"<dict>" + b"".join(f"<key>{k}</key><string>{v}</string>".encode() for k, v in pairs) + b"</dict>")


def huge_integer(digits: int = 100_000) -> bytes:
    """Hexadecimal, which slips past the limit on decimal digits."""
    return _xml(b"<dict><key>Huge</key><integer>0x" + b"f" * digits + b"</integer></dict>")


def doctype_entities(levels: int = 9) -> bytes:
    """A billion laughs."""
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels + 1)]
    return _with_doctype("\n".join(lines), f"&a{levels};")


def external_entity(target: str = "file:///etc/passwd") -> bytes:
    return _with_doctype(f'<!ENTITY x SYSTEM "{target}">', "&x;")


def oversized(size: int, keys: Mapping[str, str] | None = None) -> bytes:
    return plistlib.dumps({**(keys or {}), "Filler": "x" * size})


def _xml(inner: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + DOCTYPE + b'\n<plist version="1.0">' + inner + b"</plist>\n"


def _with_doctype(entities: str, use: str) -> bytes:
    return (
        f'<?xml version="1.0"?>\n<!DOCTYPE plist [\n{entities}\n]>\n'
        f'<plist version="1.0"><dict><key>MessageType</key><string>{use}</string></dict></plist>'
    ).encode()


def _binary_dictionary(graph: list[bytes], name: str, keys: Mapping[str, str]) -> bytes:
    """graph[0] becomes the value of name; its references count from 0 and stay valid, since it is laid out first."""
    texts = [name, *keys, *keys.values()]
    base = len(graph)
    key_refs = list(range(base, base + 1 + len(keys)))
    value_refs = [0, *range(base + 1 + len(keys), base + len(texts))]
    count = bytes((0xD0 | len(key_refs),)) if len(key_refs) < 15 else b"\xdf\x10" + bytes((len(key_refs),))
    objects = [*graph, *map(_ascii, texts), count + bytes(key_refs) + bytes(value_refs)]
    body, offsets = b"bplist00", []
    for one in objects:
        offsets.append(len(body))
        body += one
    table = b"".join(struct.pack(">H", offset) for offset in offsets)
    return body + table + struct.pack(">6xBBQQQ", 2, 1, len(objects), len(objects) - 1, len(body))


def _ascii(text: str) -> bytes:
    raw = text.encode("ascii")
    return (bytes((0x50 | len(raw),)) if len(raw) < 15 else b"\x5f\x10" + bytes((len(raw),))) + raw
