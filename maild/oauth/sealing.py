"""Refresh tokens at rest, and the statements of service accounts [cryptography].

A token is sealed by AES-256-GCM with a key that is derived from the secret (HKDF, RFC 5869), and
bound to the name it is stored under: it opens nowhere else. The first byte is the number of the
key, so that a new secret still opens what an old one sealed. The library is loaded with the first
token.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

from maild.core import oauth
from maild.core.token import Keys
from maild.errors import ConfigError, NotAllowed, Problem

_NONCE_BYTES = 12
_HEAD_BYTES = 1 + _NONCE_BYTES
_PURPOSE = b"maild: refresh tokens at rest"


def require(named: str) -> None:
    """Raise `ConfigError` when the extra is not installed; `named` says who needs it."""
    if find_spec("cryptography") is None:
        words = f"{named} needs cryptography: install maild[oauth]"
        raise ConfigError((Problem(file="[[oauth]]", line=0, text=words),))


def seal(keys: Keys, name: str, token: str) -> bytes:
    """Return a token so that only the secret opens it, and only under the same name."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(_derived(keys.by_id[keys.current]))
    return bytes([keys.current]) + nonce + cipher.encrypt(nonce, token.encode(), name.encode())


def unseal(keys: Keys, name: str, data: bytes) -> str:
    """Open a sealed token; `NotAllowed` when the secret is another one, or the bytes are."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    key = keys.by_id.get(data[0]) if len(data) > _HEAD_BYTES else None
    if key is None:
        raise NotAllowed("the secret that sealed the stored token is not there")
    try:
        nonce, sealed = data[1:_HEAD_BYTES], data[_HEAD_BYTES:]
        return AESGCM(_derived(key)).decrypt(nonce, sealed, name.encode()).decode()
    except (InvalidTag, UnicodeDecodeError) as error:
        raise NotAllowed("the stored token does not open with this secret") from error


def sign(private_key: str, text: bytes) -> bytes:
    """Sign as RS256 (RFC 7518 §3.3); `NotAllowed` when the key cannot be used."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAllowed("the service account's private key cannot be read") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NotAllowed("the service account's private key is no RSA key")
    return key.sign(text, padding.PKCS1v15(), SHA256())


def is_needed(client: oauth.Client) -> bool:
    """Tell whether a grant stores or signs something."""
    return client.grant is not oauth.Grant.CLIENT


def _derived(key: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key)
