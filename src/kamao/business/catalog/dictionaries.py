"""The large dictionaries: pinyin of characters and phrases, and traditional to simplified.

Importing this module costs tens of megabytes, so only whoever builds the index does, by name and when it is
wanted (``indexing``); a process that answers queries never does.
"""

from opencc import OpenCC
from pypinyin import lazy_pinyin

HAN_FIRST, HAN_LAST = 0x4E00, 0x9FFF


def character_rows() -> list[tuple[str, str, str]]:
    """Return every Han character of the basic block with its simplified form and its pinyin without tone."""
    characters = [chr(point) for point in range(HAN_FIRST, HAN_LAST + 1)]
    simplified = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    rows = []
    for character, simple in zip(characters, simplified, strict=True):
        sound = lazy_pinyin(simple, errors="ignore")
        rows.append((character, simple, sound[0] if sound else simple))
    return rows


def phrase_sounds(run: str) -> tuple[str, ...]:
    """Return the pinyin of a run of Han characters read as words, one sound per character."""
    return tuple(lazy_pinyin(run, errors=list))  # type: ignore[arg-type]
