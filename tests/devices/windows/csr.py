"""The certificate request of a Windows PC, byte by byte: PKCS#10 (RFC 2986) with Windows' own oddities."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.devices.apple import cms
from tests.devices.apple.identity import Identity

COMMON_NAME = bytes.fromhex("0603550403")
EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")
DEVICE_ID_EXTENSION = bytes.fromhex("060a2b060104018237420100")
SHA1_WITH_RSA = bytes.fromhex("06052b0e03021d")  # the OIW's, as Windows writes it
RSA_WITH = {
    "sha256": bytes.fromhex("06092a864886f70d01010b"),
    "sha384": bytes.fromhex("06092a864886f70d01010c"),
    "sha512": bytes.fromhex("06092a864886f70d01010d"),
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
}  # fmt: skip
HASH_OIDS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


def subject(guid: str, device_id: str) -> bytes:
    """`GUID!DeviceID` and a NUL, the GUID cut so that 64 characters hold all of it."""
    tail = f"!{device_id}\0"
    return (guid[: 64 - len(tail)] + tail).encode("ascii")


def request(key: rsa.RSAPrivateKey, guid: str, device_id: str, digest: str = "sha1") -> bytes:
    """DER. Its PrintableString holds `!` and NUL, which no PrintableString may."""
    name = _sequence(_tlv(0x31, _sequence(COMMON_NAME, _tlv(0x13, subject(guid, device_id)))))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    extension = _sequence(DEVICE_ID_EXTENSION, _tlv(0x04, f"{device_id}\0".encode()))
    attribute = _sequence(EXTENSION_REQUEST, _tlv(0x31, _sequence(extension)))
    info = _sequence(_tlv(0x02, b"\0"), name, public, _tlv(0xA0, attribute))
    algorithm = _sequence(SHA1_WITH_RSA if digest == "sha1" else RSA_WITH[digest], _tlv(0x05, b""))
    signature = key.sign(info, padding.PKCS1v15(), HASHES[digest])
    return _sequence(info, algorithm, _tlv(0x03, b"\0" + signature))


def renewal(pkcs10: bytes, current: Identity, digest: str = "sha256") -> bytes:
    """PKCS#7 around the new request, signed by the certificate that is to be replaced."""
    return cms.sign(pkcs10, current, digest=digest)


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content
