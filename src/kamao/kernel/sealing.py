"""Sealing of secrets: AES-256-GCM under per-lot data keys, wrapped by a key that lives outside the database.

Owns the byte format, the key file and the keyed duplicate index. Refuses to make a key where one is expected:
a missing key file of a node that has sealed data must stop start-up, never be replaced in silence.

Sealed bytes are ``version(1)=0x01 | nonce(12) | ciphertext | tag(16)`` with associated data
``kamao/1|<lot>|<item>`` (both ids as 32 hex characters): nothing in it can be edited by a person.
A lot's data key is wrapped as ``version(1)=0x01 | key id(4) | nonce(12) | ciphertext(32) | tag(16)``.
Nonces are random; a data key seals one lot, far below 2^32 messages (NIST SP 800-38D, 8.3).
"""

import base64
import hashlib
import hmac
import os
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
NONCE_BYTES = 12
"""Random bytes of an AES-GCM nonce."""
"""Random bytes of a seal; a caller that seals many items draws them at once."""
_TAG_BYTES = 16
_KEY_BYTES = 32
_FORMAT = "kamao/1|"
_DATA_KEYS_CACHED = 4_096
SALT_BYTES = 32
"""Random bytes that blind a provenance commitment."""


class SealError(Exception):
    """Sealed bytes could not be opened: another key, another place, or damage."""


class KeyMissing(Exception):
    """The key file is absent or lacks a key id that sealed data names."""


class _KeyFile(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    current: str
    sealing_keys: dict[str, str]
    index_keys: dict[str, str]
    index_current: str


class DataKey:
    """An opened per-lot key: seals and opens items of that lot. Never leaves the process."""

    __slots__ = ("_aead", "_prefix")

    def __init__(self, key: bytes, lot: UUID) -> None:
        self._aead = AESGCM(key)
        self._prefix = f"{_FORMAT}{lot.hex}|".encode()

    def seal(self, item: UUID, plaintext: bytes, nonce: bytes | None = None) -> bytes:
        """Seal bytes for one item; ``nonce`` is given only by callers that draw many nonces at once."""
        return self.seal_at(item.int, plaintext, nonce or os.urandom(NONCE_BYTES))

    def seal_at(self, place: int, plaintext: bytes, nonce: bytes) -> bytes:
        """As ``seal`` for an item given by its number."""
        return _VERSION + nonce + self._aead.encrypt(nonce, plaintext, self._prefix + b"%032x" % place)

    def open(self, item: UUID, sealed: bytes) -> bytes:
        """Open bytes sealed for this item in this lot.

        Raises SealError on any mismatch, without saying which.
        """
        if sealed[:1] != _VERSION:
            raise SealError("unknown sealing format")
        try:
            return self._aead.decrypt(sealed[1:13], sealed[13:], self._prefix + b"%032x" % item.int)
        except InvalidTag as error:
            raise SealError("the sealed bytes do not belong to this key and item") from error


class Keyring:
    """The node's keys: key-encryption keys by id and the keys of the duplicate index.

    Wrapping costs one AES operation; opened data keys are kept in a bounded cache.
    """

    def __init__(self, content: _KeyFile) -> None:
        self._content = content
        self._sealing = {name: base64.b64decode(key) for name, key in content.sealing_keys.items()}
        self._index = {name: base64.b64decode(key) for name, key in content.index_keys.items()}
        if any(len(key) != _KEY_BYTES for key in (*self._sealing.values(), *self._index.values())):
            raise KeyMissing("a key in the key file has the wrong length")
        if content.current not in self._sealing or content.index_current not in self._index:
            raise KeyMissing("the key file names a current key that it does not hold")
        self._opened: dict[int, tuple[bytes, DataKey]] = {}
        self._lock = threading.Lock()

    @classmethod
    def generate(cls) -> "Keyring":
        """Make a fresh keyring: only for a node that has no sealed data yet."""

        def fresh() -> str:
            return base64.b64encode(os.urandom(_KEY_BYTES)).decode()

        name = os.urandom(4).hex()
        index = os.urandom(4).hex()
        return cls(_KeyFile(1, name, {name: fresh()}, {index: fresh()}, index))

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read the key file. Raises KeyMissing with the reason, never a key."""
        try:
            return cls.from_bytes(path.read_bytes())
        except FileNotFoundError as error:
            raise KeyMissing(f"there is no key file at {path}") from error

    @classmethod
    def from_bytes(cls, content: bytes) -> "Keyring":
        """Read a keyring from the bytes of its file."""
        try:
            return cls(msgspec.json.decode(content, type=_KeyFile))
        except msgspec.DecodeError as error:
            raise KeyMissing("the key file cannot be read") from error

    def to_bytes(self) -> bytes:
        """Return the key file's bytes; the caller writes them with mode 0600."""
        return msgspec.json.format(msgspec.json.encode(self._content), indent=1)

    def rotated(self) -> "Keyring":
        """Return a keyring with one more sealing key, now current; the old ones still open what they
        sealed.
        """
        name = os.urandom(4).hex()
        keys = {**self._content.sealing_keys, name: base64.b64encode(os.urandom(_KEY_BYTES)).decode()}
        return Keyring(msgspec.structs.replace(self._content, current=name, sealing_keys=keys))

    @property
    def key_ids(self) -> frozenset[str]:
        """Ids (8 hex characters) of the sealing keys that this ring holds."""
        return frozenset(self._sealing)

    @property
    def index_key_id(self) -> str:
        """Id of the current duplicate-index key."""
        return self._content.index_current

    def new_data_key(self, lot: UUID) -> tuple[bytes, DataKey]:
        """Make a data key for a lot; return its wrapped form (to store) and the opened key."""
        key = os.urandom(_KEY_BYTES)
        name = self._content.current
        nonce = os.urandom(NONCE_BYTES)
        aad = f"{_FORMAT}{lot.hex}|key".encode()
        wrapped = (
            _VERSION + bytes.fromhex(name) + nonce + AESGCM(self._sealing[name]).encrypt(nonce, key, aad)
        )
        return wrapped, self._remember(lot, wrapped, DataKey(key, lot))

    def open_data_key(self, lot: UUID, wrapped: bytes) -> DataKey:
        """Open a lot's wrapped data key. Raises KeyMissing or SealError."""
        cached = self._opened.get(lot.int)
        if cached is not None and cached[0] == wrapped:
            return cached[1]
        name = wrapped[1:5].hex()
        if wrapped[:1] != _VERSION or name not in self._sealing:
            raise KeyMissing(f"the key file lacks key {name}")
        aad = f"{_FORMAT}{lot.hex}|key".encode()
        try:
            key = AESGCM(self._sealing[name]).decrypt(wrapped[5:17], wrapped[17:], aad)
        except InvalidTag as error:
            raise SealError("the wrapped key does not belong to this lot") from error
        return self._remember(lot, wrapped, DataKey(key, lot))

    def _remember(self, lot: UUID, wrapped: bytes, key: DataKey) -> DataKey:
        with self._lock:
            if len(self._opened) >= _DATA_KEYS_CACHED:
                # Insertion order is age here: the oldest half goes, which costs nothing per use.
                for old in list(self._opened)[: _DATA_KEYS_CACHED // 2]:
                    del self._opened[old]
            self._opened[lot.int] = (wrapped, key)
        return key

    def fingerprint(self, scope: str, text: str) -> bytes:
        """Return the 32-byte keyed fingerprint of a text within a scope: equal texts give equal bytes.

        The text is folded first (NFKC, upper case, no spaces or dashes), because suppliers print one code in
        many ways.
        """
        folded = fold_code(text)
        return hmac.digest(self._index[self.index_key_id], f"{scope}|{folded}".encode(), hashlib.sha256)

    def fingerprints(self, folded: Sequence[str]) -> list[bytes]:
        """Return the fingerprints of many texts that are ``scope|text`` with the text folded already."""
        key = self._index[self.index_key_id]
        return [hmac.digest(key, text.encode(), "sha256") for text in folded]

    def random(self, count: int) -> bytes:
        """Return random bytes; the one source of salts, so that a simulation can replace it."""
        return os.urandom(count)

    def content_digest(self, content: bytes) -> bytes:
        """Return 16 keyed bytes that stand for a content; keyed, because contents hold phone numbers.

        Always under the oldest index key, which is never removed: digests must compare for ever.
        """
        key = next(iter(self._index.values()))
        return hashlib.blake2b(content, digest_size=16, key=key, person=b"kamao-content").digest()

    def seal_text(self, place: UUID, text: str) -> bytes:
        """Seal a small secret (a webhook secret, a credential) under a data key of its own, stored inline."""
        wrapped, key = self.new_data_key(place)
        return bytes([len(wrapped)]) + wrapped + key.seal(place, text.encode())

    def open_text(self, place: UUID, sealed: bytes) -> str:
        """Open what ``seal_text`` sealed for the same place."""
        length = sealed[0]
        key = self.open_data_key(place, sealed[1 : 1 + length])
        return key.open(place, sealed[1 + length :]).decode()


_FOLDED_AWAY = str.maketrans(
    "", "", " -\t\r\n\u3000\u200b\u200c\u200d\u2060\ufeff\u2010\u2011\u2012\u2013\u2014"
)


def fold_code(text: str) -> str:
    """Fold a code for comparison: NFKC, upper case, without spaces, dashes and zero-width characters."""
    if text.isascii():
        return text.translate(_FOLDED_AWAY).upper()
    return unicodedata.normalize("NFKC", text).translate(_FOLDED_AWAY).upper()
