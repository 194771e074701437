"""Object identifiers (RFC 5652, RFC 8017, RFC 5758, RFC 8894, NIST CSOR), as contents octets."""

from chalicelib.pki.der import NULL, OID, oid, sequence, tlv

DATA = oid("1.2.840.113549.1.7.1")
SIGNED_DATA = oid("1.2.840.113549.1.7.2")
ENVELOPED_DATA = oid("1.2.840.113549.1.7.3")
CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
CHALLENGE_PASSWORD = oid("1.2.840.113549.1.9.7")
COMMON_NAME = oid("2.5.4.3")
SUBJECT_KEY_IDENTIFIER = oid("2.5.29.14")

RSA = oid("1.2.840.113549.1.1.1")
RSA_SHA256 = oid("1.2.840.113549.1.1.11")
RSA_SHA256_IDENTIFIER = sequence(tlv(OID, RSA_SHA256), tlv(NULL))

DIGESTS: dict[bytes, str] = {
    oid("1.3.14.3.2.26"): "sha1",
    oid("2.16.840.1.101.3.4.2.1"): "sha256",
    oid("2.16.840.1.101.3.4.2.2"): "sha384",
    oid("2.16.840.1.101.3.4.2.3"): "sha512",
}
SHA256 = oid("2.16.840.1.101.3.4.2.1")

# Signature algorithm → kind of key, and the digest it fixes (None: whatever digest is named beside it).
SIGNATURES: dict[bytes, tuple[str, str | None]] = {
    RSA: ("rsa", None),
    oid("1.2.840.113549.1.1.5"): ("rsa", "sha1"),
    oid("1.3.14.3.2.29"): ("rsa", "sha1"),  # OIW's older name for it, which Windows still uses
    RSA_SHA256: ("rsa", "sha256"),
    oid("1.2.840.113549.1.1.12"): ("rsa", "sha384"),
    oid("1.2.840.113549.1.1.13"): ("rsa", "sha512"),
    oid("1.2.840.10045.2.1"): ("ec", None),
    oid("1.2.840.10045.4.1"): ("ec", "sha1"),
    oid("1.2.840.10045.4.3.2"): ("ec", "sha256"),
    oid("1.2.840.10045.4.3.3"): ("ec", "sha384"),
    oid("1.2.840.10045.4.3.4"): ("ec", "sha512"),
}

# SCEP's own attributes, 2.16.840.1.113733.1.9.*
SCEP_MESSAGE_TYPE = oid("2.16.840.1.113733.1.9.2")
SCEP_PKI_STATUS = oid("2.16.840.1.113733.1.9.3")
SCEP_FAIL_INFO = oid("2.16.840.1.113733.1.9.4")
SCEP_SENDER_NONCE = oid("2.16.840.1.113733.1.9.5")
SCEP_RECIPIENT_NONCE = oid("2.16.840.1.113733.1.9.6")
SCEP_TRANSACTION_ID = oid("2.16.840.1.113733.1.9.7")
