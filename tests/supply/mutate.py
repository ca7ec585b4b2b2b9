"""Rewrites catalogue entries the way suppliers write them, and spoils them in ways that change the goods."""

import re
from random import Random

from opencc import OpenCC

from kamao.business.supply.sheets.library import LibrarySku
from kamao.business.supply.sheets.match import RowTitle

_TRADITIONAL = OpenCC("s2t")
_TIMES = {
    "7天": ["7天", "7日", "周卡", "一周", "7天卡", "７天", "1周"],
    "月卡": ["月卡", "1个月", "一个月", "30天", "31天", "包月", "月度", "1月", "30天卡"],
    "季卡": ["季卡", "3个月", "三个月", "90天", "季度", "季度卡"],
    "半年卡": ["半年卡", "6个月", "六个月", "半年", "180天"],
    "年卡": ["年卡", "12个月", "1年", "一年", "365天", "年度卡", "包年"],
    "月": ["月", "月卡", "1个月", "30天"],
    "季": ["季", "季卡", "3个月"],
    "年": ["年", "年卡", "12个月", "1年"],
    "1年": ["1年", "一年", "12个月", "365天"],
    "6个月": ["6个月", "半年", "六个月"],
    "永久": ["永久", "终身", "永久版", "永久授权"],
}
_NOISE = ["秒发", "官方正品", "自动发货", "24小时", "特价", "正版", "热销", "秒到账"]
_EMOJI = ["🔥", "✅", "⭐", "💯"]


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def spell_variant(sku: LibrarySku, rng: Random) -> str:
    variant = sku.variant
    if variant in _TIMES:
        return rng.choice(_TIMES[variant])
    face = re.fullmatch(r"(\d+)元", variant)
    if face:
        value = int(face.group(1))
        forms = [
            f"{value}元",
            f"¥{value}",
            f"￥{value}.00",
            f"面值{value}元",
            f"{value}RMB",
            f"{value}块",
            f"{value:,}元",
        ]
        return rng.choice(forms)
    count = re.fullmatch(r"(\d+)([^\d]+)", variant)
    if count and sku.kind == "topup" and "GB" not in variant:
        return rng.choice(
            [variant, f"{count.group(1)} {count.group(2)}", f"{count.group(1)}个{count.group(2)}"]
        )
    return variant


def spell_name(sku: LibrarySku, rng: Random) -> str:
    name = sku.product.removesuffix(" 直充")
    if "SVIP" in name:
        name = rng.choice([name, name.replace("SVIP", "S会员"), name.replace("SVIP", "svip")])
    elif "VIP" in name:
        name = rng.choice(
            [name, name.replace("VIP", "会员"), name.replace("VIP", "VIP会员"), name.replace("VIP", "vip")]
        )
    elif "会员" in name and "大会员" not in name:
        name = rng.choice([name, name.replace("会员", "VIP"), name.replace("会员", "VIP会员")])
    return name


def decorate(text: str, rng: Random) -> str:
    change = rng.randrange(9)
    if change == 0:
        return wide(text)
    if change == 1:
        return _TRADITIONAL.convert(text)
    if change == 2:
        return f"{rng.choice(_EMOJI)}{text}{rng.choice(_EMOJI)}"
    if change == 3:
        spot = rng.randrange(len(text))
        return text[:spot] + rng.choice(["\u200b", "\ufeff", "\u2060"]) + text[spot:]
    if change == 4:
        return f"<b>{text}</b>&nbsp;"
    if change == 5:
        return f"【{rng.choice(_NOISE)}】{text}"
    if change == 6:
        return f"{text}（{rng.choice(_NOISE)}）"
    if change == 7:
        return f"  {text.replace(' ', '　')} "
    return text


def spell(sku: LibrarySku, rng: Random) -> RowTitle:
    """Return a row that means exactly this SKU."""
    name, spec = spell_name(sku, rng), spell_variant(sku, rng)
    brand = rng.choice([sku.brand, sku.brand, ""])
    in_column = rng.random() < 0.6
    kinds = frozenset({"topup" if sku.kind == "topup" else "code"}) if in_column else frozenset()
    if not in_column and sku.kind == "topup":
        name = rng.choice([f"{name} 直充", f"{name}【直充】", f"【官方直充】{name}", f"{name}直充"])
    if rng.random() < 0.25 and not name.startswith(sku.brand):
        name = f"{sku.brand}{rng.choice(['', ' ', '-'])}{name}"
    if rng.random() < 0.15:
        name = f"{sku.brand} {name}"
    shape = rng.randrange(4)
    if shape == 0 and not (name[-1].isdigit() and spec[0].isdigit()):
        name, spec = name + spec, ""
    elif shape == 1:
        opener, closer = rng.choice(["【】", "（）", "[]", "()", "「」"])
        name, spec = f"{name}{opener}{spec}{closer}", ""
    elif shape == 2:
        name = f"{name} {spec}"
    return RowTitle(
        name=decorate(name, rng), spec=decorate(spec, rng) if spec else "", brand=brand, kinds=kinds
    )


def spoil(sku: LibrarySku, rng: Random) -> RowTitle:
    """Return a row that looks like this SKU and means something the library does not have."""
    name, spec = sku.product.removesuffix(" 直充"), sku.variant
    kinds = frozenset({"topup" if sku.kind == "topup" else "code"})
    wrong = rng.randrange(11)
    if wrong == 0:
        spec = {"月卡": "2个月", "年卡": "2年", "季卡": "4个月", "7天": "8天", "月": "15天", "年": "3年"}.get(
            spec, "13.5元"
        )
    elif wrong == 1:
        name = rng.choice(["港服", "美区", "日版", "土耳其", "国际版"]) + name
    elif wrong == 2:
        name = f"{name}{rng.choice(['体验', '连续包', '学生', '家庭版', '新用户', '试用'])}"
    elif wrong == 3:
        spec = f"{spec} x{rng.choice([2, 3, 10])}张"
    elif wrong == 4:
        spec = rng.choice(["$", "HK$", "USD "]) + "77"
    elif wrong == 5:
        spot = rng.randrange(len(name))
        name = name[:spot] + rng.choice("的了珍极尊") + name[spot:]
    elif wrong == 6:
        spec = ""
    elif wrong == 7:
        name = f"{name}+抖音会员"
    elif wrong == 8:
        kinds = frozenset({"parcel"})
    elif wrong == 9:
        spec = f"{spec} 88折券"
    else:
        name = (
            f"{rng.choice(['广东', '四川', '上海'])}{name}"
            if "电费" not in name
            else name.replace("电费", "水费")
        )
    return RowTitle(name=decorate(name, rng), spec=spec, brand=rng.choice([sku.brand, ""]), kinds=kinds)
