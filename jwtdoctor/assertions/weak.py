"""RSA keys that anyone can break, whatever their size. Pure arithmetic on the public numbers, a few milliseconds.

Only what is decided by the key alone and published as a way to break it: a small public exponent, primes that lie close
together (Fermat, 1643; CVE-2022-26320), and the pattern of Infineon's library (ROCA, CVE-2017-15361).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

from jwtdoctor.model.assertion import Severity

LEAST_EXPONENT = 65_537
"""NIST SP 800-56B rev. 2 §6.2: the public exponent is odd and above 65,536."""
FERMAT_ROUNDS = 100
ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
"""Primes modulo which the powers of 65537 are few, so that an ordinary modulus stands out."""


def weaknesses(modulus: int, exponent: int) -> Iterator[tuple[Severity, str]]:
    """What is wrong with an RSA key, in words; nothing for a sound one. An error is a key that can be broken today."""
    if exponent < LEAST_EXPONENT:
        yield "warning", f"the public exponent is {exponent}; 65537 is the least (NIST SP 800-56B)"
    if _primes_are_close(modulus):
        yield "error", "the two primes of this key lie so close together that anyone can factor it"
    if _is_of_infineon(modulus):
        yield "error", "the key bears the mark of a faulty generator (ROCA, CVE-2017-15361): it can be factored"


def _primes_are_close(modulus: int) -> bool:
    """Fermat's method: n = a² - b² with an a just above the root of n."""
    if modulus % 2 == 0:
        return True
    root = isqrt(modulus)
    first = root + (root * root < modulus)
    for a in range(first, first + FERMAT_ROUNDS):
        rest = a * a - modulus
        if isqrt(rest) ** 2 == rest:
            return True
    return False


def _is_of_infineon(modulus: int) -> bool:
    """Nemec et al., 2017: modulo each of these primes such a modulus is a power of 65537."""
    return all(modulus % prime in _powers(prime) for prime in ROCA_PRIMES)


def _powers(prime: int) -> frozenset[int]:
    found: set[int] = set()
    power = 1
    while power not in found:
        found.add(power)
        power = power * LEAST_EXPONENT % prime
    return frozenset(found)
