"""What a title says besides the name: how long, how much, how many, of which kind, for which region.

Owns the decomposition of one folded text into a core name and a set of exact attributes. Refuses to compare:
two attributes are the same only when they are equal here (30天 = 月卡 is decided here, once, for both sides).
"""

import functools
import re
from collections.abc import Callable, Collection
from decimal import Decimal

import msgspec

from kamao.business.supply.sheets import words
from kamao.business.supply.sheets.text import fold, squash


class Attribute(msgspec.Struct, frozen=True, order=True):
    """One exact property: ``time`` (m1, d7, forever), ``face``, ``count`` with a unit, ``data``, ``seats``,
    ``number``.
    """

    kind: str
    value: str
    unit: str = ""


class Parsed(msgspec.Struct, frozen=True):
    """A title taken apart. ``loose`` is the core without words that only some suppliers write (充值)."""

    core: str
    attributes: frozenset[Attribute]
    kinds: frozenset[str]
    regions: frozenset[str]
    loose: str


_CN_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
              "十一": 11, "十二": 12, "半": 0}  # fmt: skip
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CN_NUMBER = r"十[一二]|[一二两三四五六七八九十]"
_BREAK = "\x1f"
"""Stands where something was taken out, so that what was apart does not join by accident before squashing."""

_DATA = re.compile(
    rf"({_NUMBER})\s*(tb|gb|mb|t|g|m)(?![a-z0-9])(?=(流量|.?包|\s*.月包|国内|全国|通用)?)", re.ASCII
)
_FACE_MARKED = re.compile(rf"(?:面值|面额|价值)?\s*[¥]\s*({_NUMBER})\s*(?:元|块)?(?:面值|面额)?")
_FACE_NAMED = re.compile(
    rf"(?:面值|面额|价值)?\s*({_NUMBER})\s*(?:元|圆|块钱|块|人民币|yuan|cny|rmb)(?![a-z])(?:面值|面额)?"
)
_FACE_PREFIX = re.compile(rf"(?:面值|面额)[::\s]*({_NUMBER})|(?:rmb|cny)\s*({_NUMBER})")
_SEATS = re.compile(r"(\d{1,3})\s*(?:台设备|个设备|设备|台电脑|台|用户|pcs?\b|devices?\b|users?\b)")
_COUNTED = re.compile(rf"({_NUMBER})\s*(?:个|枚|颗|张|份|件)(?!月|季|年|星期|周|设备|用户)")
_TIME_COUNT = re.compile(
    rf"({_CN_NUMBER}|半|\d{{1,4}})\s*-?\s*(?:个)?(?:(年|季度|季|月|星期|周|天|日)(?:卡|包|度|费|期)?(?!代|纪|票|币)"
    r"|(years?|yrs?|quarters?|months?|mos?|weeks?|days?)\b)"
)
_TIME_WORDS: tuple[tuple[str, str], ...] = (
    (
        "forever",
        r"永久(?:版|授权|激活|会员)?(?!会)|终身(?:版|授权)?|买断(?:版)?|\blifetime\b|\bperpetual\b|\bpermanent\b",
    ),
    ("m6", r"半年(?:卡|度|费|包)?|\bhalf[- ]?year(?:ly)?\b|\bsemi-?annual(?:ly)?\b"),
    (
        "m12",
        r"年卡|年度(?:卡|会员卡)?(?=会员|vip|$|[\s\x1f])|年度卡|包年|年费|年包|全年|整年|\bannual(?:ly)?\b|\byearly\b",
    ),
    ("m3", r"季卡|季度(?:卡)?|包季|季包|\bquarterly\b"),
    ("m1", r"月卡|月度(?:卡)?|包月|月包|月费|\bmonthly\b"),
    ("d7", r"周卡|周包|\bweekly\b"),
    ("d1", r"日卡|天卡|日包|天包|\bdaily\b"),
)
_TIME_PATTERNS = tuple((value, re.compile(pattern)) for value, pattern in _TIME_WORDS)
_TIME_BARE = re.compile(
    r"(?:(?<=会员)|(?<=vip)|(?<=\s)|(?<=\x1f)|(?<=/)|^)(年|季|月|周)(?=$|\s|\x1f|会员|vip)"
)
_BARE = {"年": "m12", "季": "m3", "月": "m1", "周": "d7"}
_DAYS_AS_MONTHS = {30: 1, 31: 1, 90: 3, 92: 3, 93: 3, 180: 6, 183: 6, 186: 6, 365: 12, 366: 12}
_KINDS = tuple((kind, re.compile(pattern)) for kind, pattern in words.KIND_WORDS)
_REGIONS = tuple((region, re.compile(pattern)) for region, pattern in words.REGION_WORDS)
_DECORATION = re.compile(
    "|".join(
        word if word.startswith("\\b") else re.escape(word)
        for word in sorted(words.DECORATION, key=len, reverse=True)
    )
)
_SUPER_MEMBER = re.compile(r"超级(?:vip)?会员|超级vip|svip会员|s会员|svip")
_MEMBER = re.compile(r"(?:vip)?会员(?:vip)?(?:卡)?|vip卡?")
_MEMBER_TWICE = re.compile(r"(s?vip)(?:s?vip)+")
_BRACKETS = str.maketrans(dict.fromkeys("【】〔〕〖〗『』「」《》〈〉[](){}<>", " "))
_RECHARGE = re.compile(r"自助充值|在线充值|充值(?!卡|码|券)")


def plain_number(text: str) -> str:
    """Return a number's one spelling: no separators, no trailing zeros of a fraction."""
    number = Decimal(text.replace(",", "")).normalize()
    return f"{number:f}"


def _months(count: int, unit: str) -> str:
    if unit in {"天", "日"} or unit.startswith("day"):
        months = _DAYS_AS_MONTHS.get(count)
        return f"m{months}" if months else f"d{count}"
    if unit in {"周", "星期"} or unit.startswith("week"):
        return f"d{7 * count}"
    factor = 12 if unit == "年" or unit.startswith("y") else 3 if unit.startswith(("季", "q")) else 1
    return f"m{count * factor}"


class _Reader:
    """Takes attributes out of one text, step by step; each step leaves a break where it took something."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: set[Attribute] = set()

    def take(self, pattern: re.Pattern[str], attribute: Callable[[re.Match[str]], Attribute | None]) -> None:
        def replace(match: re.Match[str]) -> str:
            value = attribute(match)
            if value is None:
                return match.group()
            self.found.add(value)
            return _BREAK

        self.text = pattern.sub(replace, self.text)


def _data(match: re.Match[str]) -> Attribute | None:
    number, unit = match.group(1), match.group(2)
    if len(unit) == 1 and not match.group(3):
        return None
    scale = {"t": 1024 * 1024, "g": 1024, "m": 1}[unit[0]]
    return Attribute("data", plain_number(str(Decimal(number.replace(",", "")) * scale)))


def _face(match: re.Match[str]) -> Attribute:
    return Attribute("face", plain_number(next(group for group in match.groups() if group)))


def _seats(match: re.Match[str]) -> Attribute:
    return Attribute("seats", plain_number(match.group(1)))


def _count(match: re.Match[str]) -> Attribute:
    return Attribute("count", plain_number(match.group(1)), squash(match.group(2)))


def _number(match: re.Match[str]) -> Attribute:
    return Attribute("number", plain_number(match.group(1)))


def _time(match: re.Match[str]) -> Attribute | None:
    count_text, unit = match.group(1), match.group(2) or match.group(3)
    if count_text == "半":
        return Attribute("time", "m6") if unit == "年" else None
    count = _CN_DIGITS.get(count_text) or int(count_text)
    if (unit == "年" and count > 20) or count > 1000 or count == 0:
        return None
    return Attribute("time", _months(count, unit))


def _fixed_time(value: str, _match: re.Match[str]) -> Attribute:
    return Attribute("time", value)


def _bare_time(match: re.Match[str]) -> Attribute:
    return Attribute("time", _BARE[match.group(1)])


@functools.lru_cache(maxsize=64)
def _unit_pattern(units: frozenset[str]) -> re.Pattern[str] | None:
    if not units:
        return None
    choices = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    return re.compile(rf"({_NUMBER})\s*(?:个|枚|颗)?\s*({choices})(?![a-z])")


def read_attributes(folded: str, units: frozenset[str]) -> tuple[str, frozenset[Attribute]]:
    """Return what is left of a folded text and its attributes.

    ``units`` are the library's own counting words (点券, uc, 结晶). Texts without digits and without one of the
    words of time come back untouched.
    """
    reader = _Reader(folded)
    if any(char.isdigit() for char in folded):
        unit_pattern = _unit_pattern(units)
        if unit_pattern:
            reader.take(
                unit_pattern, lambda m: Attribute("count", plain_number(m.group(1)), squash(m.group(2)))
            )
        reader.take(_DATA, _data)
        for pattern in (_FACE_MARKED, _FACE_NAMED, _FACE_PREFIX):
            reader.take(pattern, _face)
        reader.take(_SEATS, _seats)
        reader.take(_TIME_COUNT, _time)
        reader.take(_COUNTED, _number)
    elif not folded.isascii():
        reader.take(_TIME_COUNT, _time)
    for value, pattern in _TIME_PATTERNS:
        reader.take(pattern, functools.partial(_fixed_time, value))
    reader.take(_TIME_BARE, _bare_time)
    return reader.text, frozenset(reader.found)


def _take_words(text: str, patterns: Collection[tuple[str, re.Pattern[str]]]) -> tuple[str, frozenset[str]]:
    found = set()
    for name, pattern in patterns:
        text, count = pattern.subn(" ", text)
        if count:
            found.add(name)
    return text, frozenset(found)


def canonical_core(text: str) -> str:
    """Return a name's core: 会员 and VIP written alike, squashed."""
    core = squash(text.replace(_BREAK, " "))
    core = _SUPER_MEMBER.sub("svip", core)
    core = _MEMBER.sub("vip", core)
    return _MEMBER_TWICE.sub(lambda m: "svip" if "svip" in m.group() else "vip", core)


@functools.lru_cache(maxsize=131_072)
def parse(text: str, units: frozenset[str] = frozenset()) -> Parsed:
    """Take a title (any spelling) apart; the same function reads the library and the sheet."""
    rest, kinds = _take_words(fold(text).translate(_BRACKETS), _KINDS)
    rest, regions = _take_words(rest, _REGIONS)
    rest, attributes = read_attributes(rest, units)
    rest = _DECORATION.sub(" ", rest)
    core = canonical_core(rest)
    loose = canonical_core(_RECHARGE.sub(" ", rest))
    return Parsed(core=core, attributes=attributes, kinds=kinds, regions=regions, loose=loose or core)
