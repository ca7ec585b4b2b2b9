"""CAPTCHA drawn by ourselves: a picture with digits and letters, or a small sum in words. No script, no
foreign service.

Owns drawing and judging. A challenge is answered at most once, right or wrong, and lives five minutes; the
answer is sealed in the row and the picture is drawn from it when asked for. Refuses letters that look
alike.
"""

import io
import random
import secrets
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from PIL import Image, ImageDraw, ImageFont

from kamao.business.compliance.models import Challenge
from kamao.business.compliance.statements import run
from kamao.kernel.ids import new_uuid7
from kamao.kernel.sealing import Keyring

ALPHABET: Final = "2345678ABCDEFHKMNPRTUVWXY"
LENGTH: Final = 5
LIFE: Final = timedelta(minutes=5)
SIZE: Final = (220, 80)
_NUMBERS_ZH: Final = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
_NUMBERS_EN: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
Form = Literal["picture", "words"]


class Captcha(msgspec.Struct, frozen=True):
    """A fresh challenge. `question_zh` and `question_en` are empty for a picture; `form` words suits screen
    readers.
    """

    id: UUID
    form: Form
    question_zh: str
    question_en: str


def new(*, purpose: str, keyring: Keyring, at: datetime, form: Form = "picture") -> Captcha:
    """Make a challenge for one purpose (`checkout`, `lookup`, `phone_code`)."""
    challenge = new_uuid7()
    question_zh = question_en = ""
    if form == "picture":
        answer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    else:
        first, second = secrets.randbelow(8) + 2, secrets.randbelow(8) + 2
        answer = str(first + second)
        question_zh = f"{_NUMBERS_ZH[first]}加{_NUMBERS_ZH[second]}等于几？（填阿拉伯数字）"
        question_en = f"What is {_NUMBERS_EN[first]} plus {_NUMBERS_EN[second]}? (in digits)"
    Challenge.objects.create(
        id=challenge,
        purpose=purpose,
        answer_sealed=keyring.seal_text(challenge, answer),
        created_at=at,
        expires_at=at + LIFE,
    )
    return Captcha(challenge, form, question_zh, question_en)


def image(challenge: UUID, *, keyring: Keyring, at: datetime) -> bytes | None:
    """The PNG of a live challenge, the same each time; None for one that is spent, expired or unknown."""
    row = Challenge.objects.filter(id=challenge, tried_at__isnull=True, expires_at__gt=at).first()
    if row is None:
        return None
    text = keyring.open_text(challenge, bytes(row.answer_sealed))
    return draw(text, seed=challenge.int)


def verify(challenge: UUID, *, answer: str, purpose: str, keyring: Keyring, at: datetime) -> bool:
    """Whether this is the right answer; either way the challenge is spent."""
    rows = run("try_challenge", id=challenge, purpose=purpose, at=at)
    if not rows:
        return False
    expected = keyring.open_text(challenge, bytes(rows[0][0]))
    given = answer.strip().upper().replace(" ", "")[:20]
    if not secrets.compare_digest(given.encode(), expected.encode()):
        return False
    Challenge.objects.filter(id=challenge).update(is_solved=True)
    return True


def forget_expired(*, at: datetime) -> int:
    """Delete challenges an hour past their life; called by the worker."""
    return Challenge.objects.filter(expires_at__lte=at - timedelta(hours=1)).delete()[0]


def draw(text: str, *, seed: int) -> bytes:
    """A PNG of the text: each letter turned and shifted on its own, with lines and dots. Pure in text and
    seed.
    """
    # Looks, not secrets: the picture must come out the same each time it is asked for.
    chance = random.Random(seed)
    picture = Image.new("RGB", SIZE, (250, 248, 242))
    pen = ImageDraw.Draw(picture)
    for _ in range(4):
        ends = [(chance.randrange(SIZE[0]), chance.randrange(SIZE[1])) for _ in range(2)]
        pen.line(ends, fill=_ink(chance, light=True), width=2)
    step = (SIZE[0] - 20) // max(1, len(text))
    for index, letter in enumerate(text):
        tile = Image.new("RGBA", (64, 72), (0, 0, 0, 0))
        font = ImageFont.load_default(size=chance.randrange(38, 48))
        ImageDraw.Draw(tile).text((12, 8), letter, font=font, fill=(*_ink(chance, light=False), 255))
        turned = tile.rotate(chance.uniform(-24, 24), resample=Image.Resampling.BICUBIC)
        picture.paste(turned, (6 + index * step + chance.randrange(-3, 4), chance.randrange(-2, 8)), turned)
    for _ in range(160):
        pen.point((chance.randrange(SIZE[0]), chance.randrange(SIZE[1])), fill=_ink(chance, light=False))
    start, end = chance.randrange(10, 30), chance.randrange(50, 70)
    pen.line([(0, start), (110, end), (220, start)], fill=_ink(chance, light=False), width=2)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def _ink(chance: random.Random, *, light: bool) -> tuple[int, int, int]:
    low, high = (170, 225) if light else (20, 110)
    return chance.randrange(low, high), chance.randrange(low, high), chance.randrange(low, high)
