"""Names that only who has the API key can read, and that are told apart without reading them.

AES-SIV (RFC 5297) needs no nonce: a name is always sealed to the same bytes, of which the first 16 are a keyed hash
of the name. So they do for a key, and prove at the opening that the rest is what was sealed.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SECRET_BYTES: Final = 64
HASH_BYTES: Final = 16


class NameCipher:
    """Seals names of one `kind`: the same name of another kind is another thing. `secret` has `SECRET_BYTES`."""

    def __init__(self, secret: bytes, kind: str) -> None:
        self._cipher = AESSIV(secret)
        self._kind = [kind.encode()]

    def encrypt(self, name: str) -> tuple[bytes, bytes]:
        """Hash of the name, and what it is opened with."""
        sealed = self._cipher.encrypt(name.encode(errors="surrogatepass"), self._kind)
        return sealed[:HASH_BYTES], sealed[HASH_BYTES:]

    def decrypt(self, hash_: bytes, sealed: bytes) -> str:
        """The name.

        Raises:
            ValueError: if it is not what was sealed.
        """
        try:
            return self._cipher.decrypt(hash_ + sealed, self._kind).decode(errors="surrogatepass")
        except InvalidTag:
            raise ValueError("a sealed name was changed") from None
