"""Chains of certificates up to an anchor (RFC 5280 §6), whatever the time.

Made for Apple's devices, which sign under Apple iPhone Device CA: its chain has expired and signs with SHA-1, which
the X.509 library does not verify any more.
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.pki import der, keys, oids, trust
from chalicelib.pki.certificate import outline
from chalicelib.pki.errors import BadMessage, PkiError, Unsupported, Untrusted

MAX_INTERMEDIATES = 6


def check_ignoring_time(certificate: bytes, intermediates: Sequence[bytes], anchors: Sequence[bytes]) -> None:
    """That a device's certificate leads to one of the `anchors`, which are trusted as they are."""
    if len(intermediates) > MAX_INTERMEDIATES:
        raise BadMessage("the certificate chain is too long")
    trusted = [trust.load(each) for each in anchors]
    between = [trust.load(each) for each in intermediates]
    leaf = trust.load(certificate)
    if _may_issue(leaf, below=0) or not _leads_to(leaf, between, trusted, below=0):
        raise Untrusted("the certificate does not lead to a trusted root")


def _leads_to(
    child: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate], below: int
) -> bool:
    """`below` is how many CA certificates lie between the child and the leaf, the child included."""
    if any(_issued(anchor, child, below) for anchor in trusted):
        return True
    for issuer in between:
        rest = [each for each in between if each is not issuer]
        if _issued(issuer, child, below) and _leads_to(issuer, rest, trusted, below + 1):
            return True
    return False


def _issued(issuer: x509.Certificate, child: x509.Certificate, below: int) -> bool:
    with trust.parsing():
        if issuer.subject != child.issuer or not _may_issue(issuer, below):
            return False
    try:
        _verify(child, issuer)
    except PkiError:  # another issuer of the same name may fit
        return False
    return True


def _may_issue(parsed: x509.Certificate, below: int) -> bool:
    with trust.parsing():
        try:
            constraints = parsed.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            return False
        try:
            may_sign = parsed.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        except x509.ExtensionNotFound:
            may_sign = True
    return constraints.ca and may_sign and (constraints.path_length is None or below <= constraints.path_length)


def _verify(child: x509.Certificate, issuer: x509.Certificate) -> None:
    with trust.parsing():
        key = keys.load(outline(issuer.public_bytes(Encoding.DER)).spki)
        kind, digest = oids.SIGNATURES.get(der.oid(child.signature_algorithm_oid.dotted_string), ("", None))
        if digest is None or kind != keys.kind(key):
            raise Unsupported("the signature algorithm does not fit the issuer's key")
        keys.verify(key, child.signature, child.tbs_certificate_bytes, digest)
