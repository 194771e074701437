"""What can go wrong with a key, a certificate or a message; every text is safe to show and to log.

PkiError
├── BadMessage      malformed, or larger than any honest client sends
├── BadSignature    well-formed, but the signature or a digest does not fit
├── CannotDecrypt   one error for every failure behind a private key (no padding oracle)
├── Untrusted       a good signature by someone we do not trust, or a certificate made for another purpose
│   ├── Expired     outside its validity
│   └── Revoked
├── WeakKey         a key outside our policy
└── Unsupported     an algorithm or form we do not speak
"""


class PkiError(Exception):
    """Base of all; `str()` is one short human sentence that holds no input."""


class BadMessage(PkiError):
    pass


class BadSignature(PkiError):
    pass


class CannotDecrypt(PkiError):
    pass


class Untrusted(PkiError):
    pass


class Expired(Untrusted):
    pass


class Revoked(Untrusted):
    pass


class WeakKey(PkiError):
    pass


class Unsupported(PkiError):
    pass
