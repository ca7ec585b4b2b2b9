"""One row of a library sheet: how it is read and what is inferred where the sheet says nothing.

Pure: takes text, gives ``LibraryRow``. A sheet needs ``category``, ``product`` and ``kind``; every other
column may be missing, then the row gets what its kind and category suggest.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import msgspec

from kamao.kernel.money import AMOUNT_MAX, CURRENCY_EXPONENTS, E4

KINDS: Final = frozenset({"code", "topup", "voucher", "licence", "course", "collectible", "parcel", "manual"})

PROMISES: Final[dict[str, int]] = {"instant": 0, "10min": 600, "24h": 86_400, "72h": 259_200}

_DURATIONS: Final[dict[str, int]] = {
    "7天": 7, "周卡": 7, "月卡": 31, "月": 31, "季卡": 92, "季": 92, "半年卡": 183, "6个月": 183, "年卡": 366, "年": 366,
    "1年": 366, "1年1设备": 366, "1年3设备": 366,
}  # fmt: skip
_FACE: Final = re.compile(r"(\d+(?:\.\d{1,4})?)元")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,94}[a-z0-9])?")


class LibraryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU with the names of what it hangs on. Prices are unit prices in 1/10 000 of the major unit."""

    category: str
    brand: str
    product: str
    variant: str
    kind: str
    code: str = ""
    category_en: str = ""
    brand_en: str = ""
    product_en: str = ""
    variant_en: str = ""
    instrument: str = "none"
    ranged: bool = False
    currency: str = "CNY"
    official_price_e4: int | None = None
    official_source: str = ""
    official_on: date | None = None
    supply_price_e4: int | None = None
    face_value_e4: int | None = None
    face_currency: str = ""
    duration_days: int | None = None
    region: str = ""
    min_quantity: int = 1
    max_quantity: int = 100
    multiple: int = 1
    target_daily_max: int | None = None
    promise_s: int = 0
    warranty_days: int = 0
    topup_form: str = ""
    carriers: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    after_sales: str = ""
    text: str = ""
    redeem_url: str = ""
    scenes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    weight: int = 0


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that was not taken, by its line in the file, and why."""

    line: int
    zh: str
    en: str


class _Refused(Exception):
    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def price_e4(value: str) -> int | None:
    """Return a decimal in major units as a unit price; None for empty text, ``_Refused`` for no number."""
    text = value.strip()
    if not text:
        return None
    try:
        scaled = Decimal(text) * E4
    except InvalidOperation:
        raise _Refused(f"价格“{text[:20]}”不是数字", f"the price “{text[:20]}” is no number") from None
    if not scaled.is_finite() or scaled < 0 or scaled >= AMOUNT_MAX or scaled != int(scaled):
        raise _Refused(f"价格“{text[:20]}”超出范围", f"the price “{text[:20]}” is out of range")
    return int(scaled)


def _whole(value: str, default: int) -> int:
    text = value.strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _Refused(f"“{text[:20]}”不是整数", f"“{text[:20]}” is no whole number")
    return int(text)


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split("|") if part.strip())


def infer_instrument(kind: str, category: str) -> str:
    """Return what the law would call goods of a kind in a category; an operator may correct it."""
    if kind == "topup":
        return "game_currency" if "游戏" in category else "direct_topup"
    for word, instrument in (
        ("礼品", "single_purpose"), ("点卡", "game_currency"), ("游戏", "game_currency"), ("软件", "software_key"),
        ("会员", "membership"), ("音乐", "membership"), ("教育", "membership"),
    ):  # fmt: skip
        if word in category and kind in {"code", "licence", "voucher"}:
            return instrument
    return "collectible" if kind == "collectible" else "none"


def infer_form(form: str, product: str) -> str:
    """Return the slug of the top-up form for a sheet's form name; games have a form each where we know
    one.
    """
    if form != "game":
        return form
    for word, slug in (
        ("原神", "game-genshin"), ("星穹铁道", "game-starrail"), ("王者荣耀", "game-wzry"), ("和平精英", "game-login"),
        ("金铲铲", "game-login"), ("DNF", "game-dnf"), ("英雄联盟", "game-lol"), ("明日方舟", "game-arknights"),
        ("阴阳师", "game-login-netease"), ("蛋仔", "game-login-netease"),
    ):  # fmt: skip
        if word in product:
            return slug
    return "game"


_CARRIERS: Final = {"中国移动": "mobile", "中国联通": "unicom", "中国电信": "telecom", "中国广电": "broadnet"}
_PROVINCES: Final = {
    "北京": "beijing", "上海": "shanghai", "广东": "guangdong", "浙江": "zhejiang", "江苏": "jiangsu", "四川": "sichuan",
    "湖北": "hubei", "山东": "shandong", "河南": "henan", "福建": "fujian",
}  # fmt: skip


def _text_key(kind: str, category: str) -> str:
    for word, key in (
        ("PC 游戏", "pc-game"),
        ("话费", "phone"),
        ("流量", "data"),
        ("缴费", "meter"),
        ("游戏直充", "game"),
        ("点卡", "game-card"),
        ("礼品", "gift"),
        ("软件", "software"),
        ("音乐", "member"),
        ("视频", "member"),
        ("教育", "member"),
    ):
        if word in category:
            return f"{key}-topup" if kind == "topup" and key in {"member", "game-card"} else key
    return kind


def _row(cells: Mapping[str, str]) -> LibraryRow:
    def cell(name: str) -> str:
        return (cells.get(name) or "").strip()

    category, product, kind = cell("category"), cell("product"), cell("kind")
    if not category or not product:
        raise _Refused("缺少品类或商品名", "category or product is missing")
    if kind not in KINDS:
        raise _Refused(f"未知类型“{kind[:20]}”", f"unknown kind “{kind[:20]}”")
    code = cell("code")
    if code and not _SLUG.fullmatch(code):
        raise _Refused(f"编码“{code[:20]}”不合规则", f"the code “{code[:20]}” is malformed")
    currency = cell("currency") or "CNY"
    if currency not in CURRENCY_EXPONENTS:
        raise _Refused(f"未知币种“{currency[:8]}”", f"unknown currency “{currency[:8]}”")
    variant, brand = cell("variant"), cell("brand")
    names = (category, brand, product, variant, cell("product_en"), cell("variant_en"))
    if max(len(name) for name in names) > 96:
        raise _Refused("名称过长（最多 96 字）", "a name is longer than 96 characters")
    face = _FACE.fullmatch(variant)
    form = infer_form(cell("topup_form"), product)
    carrier = _CARRIERS.get(brand) if category in {"话费充值", "流量充值"} else None
    province = _PROVINCES.get(cell("region")) if form == "meter" else None
    ranged = cell("ranged") in {"1", "yes", "true"}
    official = price_e4(cell("official_price"))
    return LibraryRow(
        category=category,
        brand=brand,
        product=product,
        variant=variant,
        kind=kind,
        code=code,
        category_en=cell("category_en"),
        brand_en=cell("brand_en"),
        product_en=cell("product_en"),
        variant_en=cell("variant_en"),
        instrument=cell("instrument") or infer_instrument(kind, category),
        ranged=ranged,
        currency=currency,
        official_price_e4=official,
        official_source=cell("official_source"),
        official_on=date.fromisoformat(cell("official_on")) if cell("official_on") else None,
        supply_price_e4=price_e4(cell("supply_price")),
        face_value_e4=E4 if ranged else price_e4(cell("face_value") or (face[1] if face else "")),
        face_currency=cell("face_currency") or ("CNY" if face or ranged else ""),
        duration_days=_whole(cell("duration_days"), 0) or _DURATIONS.get(variant),
        region=cell("region"),
        min_quantity=_whole(cell("min_quantity"), 1),
        max_quantity=_whole(cell("max_quantity"), 1000 if ranged else 100),
        multiple=_whole(cell("multiple"), 1),
        target_daily_max=_whole(cell("target_daily_max"), 0) or None,
        promise_s=PROMISES.get(cell("promise"), 600 if kind == "topup" else 0),
        warranty_days=_whole(cell("warranty_days"), 0),
        topup_form=form,
        carriers=(carrier,) if carrier else (),
        provinces=(province,) if province else (),
        after_sales=cell("after_sales")
        or ("topup" if kind == "topup" else "course" if kind == "course" else "code"),
        text=cell("text") or _text_key(kind, category),
        redeem_url=cell("redeem_url"),
        scenes=_list(cell("scenes")),
        aliases=_list(cell("aliases")),
        weight=_whole(cell("weight"), 0),
    )


def parse_rows(records: Iterable[Mapping[str, str]]) -> tuple[list[LibraryRow], list[RefusedRow]]:
    """Return the rows of a sheet and the refused ones; line 1 is the header."""
    taken: list[LibraryRow] = []
    refused: list[RefusedRow] = []
    for line, record in enumerate(records, start=2):
        try:
            taken.append(_row(record))
        except _Refused as reason:
            refused.append(RefusedRow(line=line, zh=reason.zh, en=reason.en))
        except ValueError:
            refused.append(RefusedRow(line=line, zh="日期应为 YYYY-MM-DD", en="a date must be YYYY-MM-DD"))
    return taken, refused


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    """Yield the records of a UTF-8 CSV file (with or without BOM) by column name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
