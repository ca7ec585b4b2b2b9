"""Values in cells: prices, counts, dates, states, kinds. Owns exact conversion; refuses to guess.

A price becomes an integer in 1/10 000 of the major unit. Whatever is not certain gets a `ReasonCode` instead
of a number: a range, a request to ask, two currencies, a discount, a lost digit.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import msgspec

from kamao.business.supply.sheets.text import fold
from kamao.kernel.clock import BUSINESS_ZONE
from kamao.kernel.money import AMOUNT_MAX, E4

CellValue = str | int | float | Decimal | datetime | date | time | bool | None
"""What a reader may hand over for one cell."""


class Price(msgspec.Struct, frozen=True):
    """A price read from a cell: e4 units of ``currency`` (empty where the cell names none), or a reason
    code.
    """

    unit_price_e4: int | None = None
    currency: str = ""
    reason: str = ""


_CURRENCY_WORDS = (
    ("cny", "CNY"), ("rmb", "CNY"), ("cnh", "CNY"), ("人民币", "CNY"), ("yuan", "CNY"), ("￥", "CNY"), ("¥",
                                                                                                    "CNY"),
    ("hk$", "HKD"), ("hkd", "HKD"), ("港币", "HKD"), ("港元", "HKD"), ("nt$", "TWD"), ("twd", "TWD"), ("台币",
                                                                                                   "TWD"),
    ("us$", "USD"), ("usdt", "?"), ("usd", "USD"), ("美元", "USD"), ("美金", "USD"), ("eur", "EUR"), ("欧元",
                                                                                                  "EUR"),
    ("€", "EUR"), ("gbp", "GBP"), ("£", "GBP"), ("英镑", "GBP"), ("jpy", "JPY"), ("日元", "JPY"), ("円", "JPY"),
    ("krw", "KRW"), ("韩元", "KRW"), ("sgd", "SGD"), ("myr", "MYR"), ("thb", "THB"), ("泰铢", "THB"), ("try",
                                                                                                   "TRY"),
    ("里拉", "TRY"), ("rub", "RUB"), ("卢布", "RUB"), ("inr", "INR"), ("卢比", "INR"), ("澳门元", "MOP"), ("mop",
                                                                                                  "MOP"),
    ("元", "CNY"), ("圆", "CNY"), ("块钱", "CNY"), ("块", "CNY"), ("$", "USD"),
)  # fmt: skip
_PER_UNIT = re.compile(r"/?(?:每)?(?:张|个|份|次|条|笔|枚|件|套|单|pcs?|ea|unit)$")
_ASK = re.compile(
    r"面议|询价|电议|议价|待定|私聊|咨询|联系|暂无|无价|价格?另议|另议|时价|tbd|n/?a|ask|call|negotiable|on request"
)
_OFF = re.compile(
    r"缺货|下架|停售|断货|售罄|无货|维护|停用|暂停|关闭|禁售|sold ?out|out of stock|discontinued"
)
_RANGE = re.compile(r"\d\s*(?:-|~|～|–|—|至|到|to)\s*[¥￥$]?\s*\d")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_APPROXIMATE = re.compile(r"[≈约起]|左右|以上|以内")
_FLOAT_NOISE = Decimal("0.0000001")
_DIGITS_EXACT = 15


def exact(value: CellValue) -> Decimal | None:
    """Return a numeric cell as an exact decimal, or None for anything else.

    Spreadsheets store doubles; a double's shortest form is what the person typed.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    return None


def _to_e4(number: Decimal) -> Price:
    scaled = number * E4
    whole = scaled.to_integral_value()
    if abs(scaled - whole) > _FLOAT_NOISE * E4:
        return Price(reason="price_precision")
    if whole < 0:
        return Price(reason="price_negative")
    if whole == 0:
        return Price(reason="price_zero")
    if whole >= AMOUNT_MAX:
        return Price(reason="price_too_large")
    return Price(unit_price_e4=int(whole))


def parse_price(value: CellValue, *, fen: bool = False) -> Price:
    """Read a price cell; ``fen`` says that bare numbers in this column are minor units.

    Reasons: price_missing, price_on_request, price_zero, price_negative, price_range, price_precision,
    price_too_large, price_discount, price_approximate, price_formula, price_unreadable.
    """
    number = exact(value)
    if number is not None:
        return _to_e4(number / 100 if fen else number)
    if value is None or isinstance(value, bool | datetime | date | time):
        return Price(reason="price_missing" if value is None else "price_unreadable")
    raw = str(value).strip()
    if raw.startswith(("=", "@")):
        return Price(reason="price_formula")
    text = fold(raw)
    if not text or text in {"-", "--", "—", "/", "无", "null", "none"}:
        return Price(reason="price_missing")
    return _price_text(text, fen=fen)


def _price_text(text: str, *, fen: bool) -> Price:
    if _OFF.search(text):
        return Price(reason="price_not_for_sale")
    if _ASK.search(text):
        return Price(reason="price_on_request")
    if _RANGE.search(text):
        return Price(reason="price_range")
    if "折" in text or "%" in text:
        return Price(reason="price_discount")
    if _APPROXIMATE.search(text):
        return Price(reason="price_approximate")
    negative = text.startswith(("-", "−", "(")) or "¥-" in text or "￥-" in text
    text = text.strip("()") if text.startswith("(") and text.endswith(")") else text
    body, currencies, in_fen = _without_currency(_PER_UNIT.sub("", text.replace(" ", "")))
    if len(currencies) > 1 or "?" in currencies:
        return Price(reason="price_currency")
    number = parse_number(body.lstrip("-−+"))
    if number is None:
        return Price(reason="price_unreadable")
    if negative and number != 0:
        return Price(reason="price_negative")
    price = _to_e4(number / 100 if in_fen or (fen and not currencies) else number)
    return msgspec.structs.replace(price, currency=next(iter(currencies), ""))


def _without_currency(text: str) -> tuple[str, set[str], bool]:
    found: set[str] = set()
    fen = False
    if text.endswith("分") and not text.endswith("百分"):
        text, fen = text[:-1], True
        found.add("CNY")
    for word, code in _CURRENCY_WORDS:
        if word in text:
            found.add(code)
            text = text.replace(word, "")
    return text, found, fen


def parse_number(text: str) -> Decimal | None:
    """Return a non-negative decimal written plainly or with thousands separators (checked), else None."""
    text = text.replace("，", ",").replace(" ", "")
    if "," in text:
        if not _GROUPED.fullmatch(text):
            return None
        text = text.replace(",", "")
    elif not _PLAIN.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def parse_count(value: CellValue) -> int | None:
    """Return a whole, non-negative count, or None where the cell is empty or says something else."""
    number = exact(value)
    if number is None and isinstance(value, str):
        number = parse_number(re.sub(r"(?:张|个|份|件|条)$", "", fold(value)).strip())
    if number is None or number < 0 or number != number.to_integral_value() or number >= 10**12:
        return None
    return int(number)


_STATES = (
    ("off", ("下架", "停售", "缺货", "断货", "售罄", "无货", "暂停", "停用", "禁用", "维护", "关闭", "off", "offline", "paused",
             "inactive", "disabled", "soldout", "outofstock", "unavailable", "否", "no", "n", "0", "false",
             "不可售",
             "已下架", "下线", "discontinued")),
    ("on", ("在售", "上架", "正常", "可售", "有货", "现货", "启用", "销售中", "在线", "充足", "on", "online", "active", "enabled",
            "available", "onsale", "instock", "selling", "是", "yes", "y", "1", "true", "已上架", "开启", "normal",
            "ok")),
)  # fmt: skip


def parse_state(value: CellValue) -> str | None:
    """Return ``on`` or ``off`` for a state cell, ``on`` where it is empty, None where it says something
    else.
    """
    text = fold("" if value is None else str(value)).replace(" ", "").replace("-", "").replace("_", "")
    if not text:
        return "on"
    for state, words in _STATES:
        if text in words:
            return state
    return None


_DATE_TEXT = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?"
    r"(?:[ t]+(?P<h>\d{1,2}):(?P<i>\d{2})(?::(?P<s>\d{2})(?:\.\d+)?)?(?P<z>z|[+-]\d{2}:?\d{2})?)?"
)
_DATE_DIGITS = re.compile(r"(?P<y>20\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_DATE_SHORT = re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})")
_FOREVER = {"长期", "永久", "永久有效", "长期有效", "无期限", "不过期", "无", "不限", "终身", "forever", "never", "permanent",
            "lifetime",
            "longterm", "unlimited", "none", "n/a", "-", "--", "/", "—", "——"}  # fmt: skip
_EXCEL_DAYS = range(36_526, 73_051)  # 2000-01-01 … 2100-01-01 as a spreadsheet's day number
_EXCEL_EPOCH = date(1899, 12, 30)


class Moment(msgspec.Struct, frozen=True):
    """A moment read from a cell; ``at`` is None for "no limit" unless ``reason`` says that it is
    unreadable.
    """

    at: datetime | None = None
    reason: str = ""


def end_of_business_day(day: date, zone: ZoneInfo = BUSINESS_ZONE) -> datetime:
    """Return the moment (UTC) at which a day is over in the business zone: a code dated that day still
    works.
    """
    return _of_day(day, zone, ends=True)


def _of_day(day: date, zone: ZoneInfo, *, ends: bool) -> datetime:
    start = datetime.combine(day, time(), zone)
    return (start + timedelta(days=1) if ends else start).astimezone(UTC)


def parse_expiry(value: CellValue, *, zone: ZoneInfo = BUSINESS_ZONE, day_ends: bool = True) -> Moment:
    """Read an expiry cell: empty and 长期 mean no limit, a bare day means until the end of that business day.

    With ``day_ends`` False a bare day means its beginning (for moments from which something holds).

    Refuses (``date_unreadable``) day-month orders that cannot be told apart and dates that do not exist.
    """
    if value is None or value == "":
        return Moment()
    if isinstance(value, datetime):
        if value.time() == time() and value.tzinfo is None:
            return Moment(_of_day(value.date(), zone, ends=day_ends))
        return Moment((value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC))
    if isinstance(value, date):
        return Moment(_of_day(value, zone, ends=day_ends))
    number = exact(value)
    text = str(int(number)) if number is not None and number == int(number) else fold(str(value))
    if text.replace(" ", "") in _FOREVER or not text:
        return Moment()
    return _expiry_text(text, zone, ends=day_ends)


def _expiry_text(text: str, zone: ZoneInfo, *, ends: bool) -> Moment:
    text = re.sub(r"^(?:有效期至?|截止|至|到期|exp(?:ires)?)[::]?\s*", "", text).strip()
    text = re.sub(r"(?:前|之前|止|到期)$", "", text).strip()
    found = _DATE_TEXT.fullmatch(text) or _DATE_DIGITS.fullmatch(text) or _DATE_SHORT.fullmatch(text)
    if not found:
        if text.isdigit() and int(text) in _EXCEL_DAYS:
            return Moment(_of_day(_EXCEL_EPOCH + timedelta(days=int(text)), zone, ends=ends))
        return Moment(reason="date_unreadable")
    part = found.groupdict()
    month, day = int(part["m"]), int(part["d"])
    if found.re is _DATE_SHORT and month <= 12 and day <= 12 and month != day:
        return Moment(reason="date_unreadable")
    if found.re is _DATE_SHORT and month > 12:
        month, day = day, month
    try:
        on = date(int(part["y"]), month, day)
        if not part.get("h"):
            return Moment(_of_day(on, zone, ends=ends))
        at = datetime.combine(on, time(int(part["h"]), int(part["i"]), int(part["s"] or 0)))
        offset = part.get("z")
        if offset:
            return Moment(datetime.fromisoformat(at.isoformat() + offset.upper().replace("Z", "+00:00")))
        return Moment(at.replace(tzinfo=zone).astimezone(UTC))
    except ValueError:
        return Moment(reason="date_unreadable")


def cell_text(value: CellValue) -> str:
    """Return what a cell says as text: whole numbers without a decimal point, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    number = exact(value)
    if number is None:
        return str(value)
    if number == number.to_integral_value() and abs(number) < 10**18:
        return str(int(number))
    return f"{number:f}"


def digits_lost(value: CellValue) -> bool:
    """Tell whether a number is longer than a spreadsheet keeps exactly: its last digits are not to be
    trusted.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 10**_DIGITS_EXACT
