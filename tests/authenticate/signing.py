"""A signer of the tests' own: DKIM and ARC by keys that are made once, with every wrong turn."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY = "Der Drucker raucht.\r\n\r\nIt smokes  a lot. \r\n\r\n\r\n"


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def record(bits: int = 2048, **more: str) -> str:
    """The TXT record of the RSA key."""
    public = rsa_key(bits).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tags = {"v": "DKIM1", "k": "rsa", "p": base64.b64encode(der).decode()} | more
    return "; ".join(f"{name}={value}" for name, value in tags.items())


def ed_record() -> str:
    raw = ed_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(raw).decode()}"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs, and how."""

    domain: str = "customer.example"
    selector: str = "s1"
    names: str = "from:to:subject:date"
    algorithm: str = "rsa-sha256"
    form: str = "relaxed/relaxed"
    bits: int = 2048
    more: str = ""
    """Further tags, such as `; x=1700000000`."""


def signed(raw: bytes, signer: Signer = Signer()) -> bytes:
    """Put a DKIM-Signature on top."""
    head, _, body = raw.decode().partition("\r\n\r\n")
    field = _field("DKIM-Signature: v=1; ", signer, _fields(head), body)
    return field.encode() + raw


def sealed(raw: bytes, signer: Signer, results: str, cv: str = "none", n: int = 1) -> bytes:
    """Put one more set of ARC on top, as a forwarder does that found `results`."""
    head, _, body = raw.decode().partition("\r\n\r\n")
    fields = _fields(head)
    ours = f"ARC-Authentication-Results: i={n}; {results}\r\n"
    message = _field(f"ARC-Message-Signature: i={n}; ", signer, fields, body)
    seal = (
        f"ARC-Seal: i={n}; a=rsa-sha256; cv={cv}; d={signer.domain}; s={signer.selector};"
        " t=1772441940; b="
    )
    earlier = {}
    for field in fields:
        found = re.match(r"(?i)(arc-[a-z-]+):.*?\bi=(\d+)", field, re.DOTALL)
        if found:
            earlier[(int(found[2]), found[1].lower())] = field
    kinds = ("arc-authentication-results", "arc-message-signature", "arc-seal")
    chain = [earlier[(k, kind)] for k in range(1, n) for kind in kinds]
    text = "".join(_relaxed(field) for field in (*chain, ours, message))
    value = _sign(text + _relaxed(seal).removesuffix("\r\n"), signer)
    return f"{seal}{value}\r\n{message}{ours}".encode() + raw


def _field(start: str, signer: Signer, fields: Sequence[str], body: str) -> str:
    forms = signer.form.split("/")
    text = _body(body) if forms[1] == "relaxed" else body.rstrip("\r\n") + "\r\n"
    hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    field = (
        f"{start}a={signer.algorithm}; c={signer.form}; d={signer.domain}; s={signer.selector};\r\n"
        f"\th={signer.names}; bh={hashed}{signer.more};\r\n\tb="
    )
    left = list(fields)
    picked = []
    for name in signer.names.split(":"):
        found = [one for one in left if one.lower().startswith(f"{name}:")][-1:]
        picked += found
        left = [one for one in left if one not in found]
    canonical = _relaxed if forms[0] == "relaxed" else str
    data = "".join(canonical(one) for one in picked)
    value = _sign(data + canonical(field + "\r\n").removesuffix("\r\n"), signer)
    return f"{field}{value[:60]}\r\n\t {value[60:]}\r\n"


def _sign(text: str, signer: Signer) -> str:
    data = text.encode()
    if signer.algorithm == "ed25519-sha256":
        value = ed_key().sign(hashlib.sha256(data).digest())
    else:
        kind = SHA1() if signer.algorithm == "rsa-sha1" else SHA256()  # what must be refused
        value = rsa_key(signer.bits).sign(data, padding.PKCS1v15(), kind)
    return base64.b64encode(value).decode()


def _fields(head: str) -> list[str]:
    return [f"{field}\r\n" for field in re.split(r"\r\n(?![ \t])", head)]


def _relaxed(field: str) -> str:
    name, _, value = field.partition(":")
    return f"{name.strip().lower()}:{' '.join(value.split())}\r\n"


def _body(text: str) -> str:
    lines = [re.sub(r"[ \t]+", " ", line).rstrip(" ") for line in text.split("\r\n")]
    joined = "\r\n".join(lines).rstrip("\r\n")
    return f"{joined}\r\n" if joined else ""
