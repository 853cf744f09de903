"""Deterministic encryption of names: equal names give equal ciphertexts, which can be compared without the key.

AES-SIV (RFC 5297) needs no nonce, and its first 16 bytes are a keyed hash of the name. So they serve as a key, and
prove at decryption that the rest is unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SECRET_BYTES: Final = 64
HASH_BYTES: Final = 16


class NameCipher:
    """Cipher for names of one `kind`: the same name of another kind is another thing. `secret` has `SECRET_BYTES`."""

    def __init__(self, secret: bytes, kind: str) -> None:
        self._cipher = AESSIV(secret)
        self._kind = [kind.encode()]

    def entries(self, names: Iterable[str]) -> list[bytes]:
        """Return, for each name, its hash and the rest of the ciphertext in one."""
        encrypt, kind = self._cipher.encrypt, self._kind
        return [encrypt(name.encode(errors="surrogatepass"), kind) for name in names]

    def encrypt(self, name: str) -> tuple[bytes, bytes]:
        """Return the hash of the name, and the rest of the ciphertext."""
        (ciphertext,) = self.entries([name])
        return ciphertext[:HASH_BYTES], ciphertext[HASH_BYTES:]

    def decrypt(self, hash_: bytes, ciphertext: bytes) -> str:
        """Return the name.

        Raises:
            ValueError: if the ciphertext was changed, or made with another secret.
        """
        try:
            return self._cipher.decrypt(hash_ + ciphertext, self._kind).decode(errors="surrogatepass")
        except InvalidTag:
            raise ValueError("a sealed name was changed") from None
