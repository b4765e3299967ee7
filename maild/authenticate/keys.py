"""Does a key fit a signature? RSA and Ed25519 [cryptography]."""

from __future__ import annotations

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key
except ImportError:
    IS_THERE = False
else:
    IS_THERE = True

RSA_BITS_MIN = 1024
RSA_BITS_MAX = 4096
"""A larger one costs more time than a mail is worth."""


def problem(key: bytes, algorithm: str, digest: bytes, value: bytes) -> str:
    """Return why a signature does not hold; empty when it does.

    `digest` is the SHA-256 of what was signed (RFC 6376 §3.7; for Ed25519 it is itself what is
    signed, RFC 8463 §3). Raises nothing, whatever the bytes.
    """
    try:
        if algorithm == "ed25519-sha256":
            ed25519.Ed25519PublicKey.from_public_bytes(key).verify(value, digest)
            return ""
        public = load_der_public_key(key)
        if not isinstance(public, rsa.RSAPublicKey):
            return "the key is of another kind"
        if not RSA_BITS_MIN <= public.key_size <= RSA_BITS_MAX:
            return f"a key of {public.key_size} bits"
        public.verify(value, digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
    except InvalidSignature:
        return "the signature does not fit"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "the key cannot be read"
    return ""
