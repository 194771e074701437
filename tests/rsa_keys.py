"""RSA keys for tests: products of known primes, so secret to nobody, at a hundredth of what generating one takes."""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import combinations
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

PRIMES = Path(__file__).with_name("primes.txt")
EXPONENT, BITS = 65537, 2048

Generate = Callable[..., rsa.RSAPrivateKey]


def keys() -> Iterator[rsa.RSAPrivateKey]:
    """2016 keys of 2048 bits, no two alike."""
    primes = [int(line, 16) for line in PRIMES.read_text().split()]
    for p, q in combinations(primes, 2):
        d = rsa.rsa_recover_private_exponent(EXPONENT, p, q)
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(EXPONENT, p * q)
        )
        # Checking that two primes are prime takes nearly as long as finding them.
        yield numbers.private_key(unsafe_skip_rsa_key_validation=True)


def saving(generate: Generate) -> Generate:
    """Hands out each key once a process; any other kind of key, and any after the last, is generated."""
    left, one_at_a_time = keys(), Lock()

    @wraps(generate)
    def generated(public_exponent: int, key_size: int, backend: Any = None) -> rsa.RSAPrivateKey:
        key = None
        if (public_exponent, key_size) == (EXPONENT, BITS):
            with one_at_a_time:
                key = next(left, None)
        return key or generate(public_exponent, key_size, backend)

    return generated
