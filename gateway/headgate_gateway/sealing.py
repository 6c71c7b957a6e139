"""Seals what is kept: AES-256-GCM, readable only with its key and at its own place."""

import secrets

_NONCE = 12


class BrokenSealError(Exception):
    """What was kept was sealed with another key, or for another place."""


def seal(key: bytes, plain: bytes, place: bytes) -> bytes:
    """A nonce and what is sealed, bound to ``place``."""
    # Here and not at the top: the library takes 7 MB, and many gateways keep nothing
    # that has to be sealed.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """What was sealed; BrokenSealError when it does not open."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
    except InvalidTag:
        raise BrokenSealError from None
