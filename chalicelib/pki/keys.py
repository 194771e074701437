"""Public keys: which ones we certify and which ones we verify with; verifying (RFC 8017 PKCS #1 v1.5, FIPS 186-5)."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chalicelib.pki.errors import BadMessage, BadSignature, Unsupported, WeakKey

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

MAX_SPKI = 1200
MAX_RSA_BITS = 4096
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
CERTIFIED_CURVES = (ec.SECP256R1, ec.SECP384R1)
VERIFIED_CURVES = (*CERTIFIED_CURVES, ec.SECP521R1)


def load(spki: bytes) -> PublicKey:
    """A key that may verify a signature; RSA 1024 too, since Apple's own device certificates hold such keys."""
    key = _load(spki)
    if isinstance(key, rsa.RSAPublicKey):
        # An overlong modulus or exponent buys an attacker processor time, nothing else.
        usable = 1024 <= key.key_size <= MAX_RSA_BITS and key.public_numbers().e < 2**33
    else:
        usable = isinstance(key.curve, VERIFIED_CURVES)
    if not usable:
        raise Unsupported("the public key has a size or curve that is not supported")
    return key


def _load(spki: bytes) -> PublicKey:
    if len(spki) > MAX_SPKI:
        raise BadMessage("the public key is too large")
    try:
        key = load_der_public_key(spki)
    except UnsupportedAlgorithm as error:
        raise Unsupported("the kind of public key is not supported") from error
    except (ValueError, TypeError) as error:
        raise BadMessage("the public key is malformed") from error
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Unsupported("the kind of public key is not supported")
    return key


def certifiable(spki: bytes) -> PublicKey:
    """A key that we are willing to certify: RSA 2048 to 4096, EC P-256 or P-384."""
    key = load(spki)
    if isinstance(key, rsa.RSAPublicKey):
        accepted = key.key_size >= 2048 and key.public_numbers().e >= 65537
    else:
        accepted = isinstance(key.curve, CERTIFIED_CURVES)
    if not accepted:
        raise WeakKey("the public key is weaker than RSA 2048 or EC P-256")
    return key


def kind(key: PublicKey) -> str:
    return "rsa" if isinstance(key, rsa.RSAPublicKey) else "ec"


def verify(key: PublicKey, signature: bytes, data: bytes, digest: str) -> None:
    algorithm = HASHES[digest]()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
        else:
            key.verify(signature, data, ec.ECDSA(algorithm))
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit") from error
    except UnsupportedAlgorithm as error:
        raise Unsupported("the signature algorithm is not supported") from error
