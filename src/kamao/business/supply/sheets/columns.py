"""Columns: which column of a sheet means what, proposed from headers in many wordings and from what stands
below.

Owns the vocabulary of headers and the proposal with its certainty. Refuses to decide where two columns claim
one meaning: the proposal then says so and a person chooses; the choice is kept per supplier by whoever calls.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from kamao.business.supply.sheets.text import compact, fold
from kamao.business.supply.sheets.values import CellValue, cell_text, exact, parse_price, parse_state
from kamao.business.supply.sheets.words import KIND_CELLS, TARGET_CELLS

ROLES: Final = (
    "item", "brand", "name", "spec", "price", "official", "kind", "target", "stock", "state", "region",
    "currency",
    "note", "category", "number", "secret", "expires", "effective",
)  # fmt: skip

_SURE, _LIKELY, _WEAK = 100, 80, 55
_HEADERS: Final[dict[str, dict[int, tuple[str, ...]]]] = {
    "item": {
        _SURE: ("货号", "商品编号", "商品编码", "产品编号", "产品编码", "商品代码", "产品代码", "供货编号", "商品id", "产品id", "sku", "skuid",
                "skucode",
                "item", "itemno", "itemid", "itemcode", "productid", "productcode", "goodsid", "goodsno",
                "商品货号", "商家编码", "对接编号"),
        _LIKELY: ("编号", "编码", "代码", "id", "code", "no", "料号"),
    },
    "brand": {
        _SURE: ("品牌", "品牌名称", "brand", "品牌名", "厂商", "运营商", "平台", "所属品牌", "publisher", "vendor", "brandname"),
        _LIKELY: ("厂家", "公司", "carrier", "游戏"),
    },
    "name": {
        _SURE: ("商品名称", "产品名称", "商品名", "产品名", "标题", "商品标题", "名称", "品名", "title", "name", "productname",
                "product", "商品",
                "产品", "goods", "goodsname", "itemname", "description", "权益名称", "卡种", "卡名称", "商品全称", "游戏名称",
                "货品名称"),
        _LIKELY: ("项目", "业务", "内容", "权益", "套餐", "服务名称", "卡类型"),
    },
    "spec": {
        _SURE: ("规格", "面值", "面值时长", "时长", "面额", "规格型号", "spec", "variant", "specification", "denomination",
                "facevalue", "duration",
                "套餐规格", "商品规格", "产品规格", "档位", "型号", "期限", "value", "面值规格", "规格面值", "版本", "充值面额", "充值面值",
                "option"),
        _LIKELY: ("数量单位", "单位", "周期", "size", "unit", "period"),
    },
    "price": {
        _SURE: ("供货价", "结算价", "供应价", "拿货价", "代理价", "批发价", "采购价", "进货价", "进价", "成本价", "供价", "协议价", "渠道价",
                "supplyprice",
                "cost", "costprice", "wholesale", "wholesaleprice", "settlementprice", "purchaseprice",
                "netprice", "dealerprice", "底价",
                "合作价", "分销价", "结算单价", "供货单价", "同行价", "出货价", "agentprice", "buyprice", "含税供货价", "含税结算价",
                "优惠价"),
        _LIKELY: ("价格", "单价", "报价", "price", "unitprice", "quote", "现价", "折后价", "销售价", "售价", "实际价格", "金额"),
    },
    "official": {
        _SURE: ("官方价", "市场价", "原价", "零售价", "官网价", "建议零售价", "标价", "指导价", "划线价", "officialprice", "msrp",
                "listprice", "marketprice",
                "retailprice", "retail", "官方售价", "官方价格", "市价", "吊牌价", "面价", "标准价", "official", "rrp",
                "suggestedprice", "建议售价"),
    },
    "kind": {
        _SURE: ("类型", "商品类型", "产品类型", "发货类型", "交付方式", "发货方式", "交付类型", "kind", "type", "producttype",
                "delivery", "deliverytype",
                "发货形式", "形式", "交货方式", "发放方式", "兑换方式"),
    },
    "target": {
        _SURE: ("充值方式", "充值账号", "充值账号类型", "账号类型", "充值类型", "accounttype", "target", "rechargeaccount", "充值帐号",
                "账号", "需填信息"),
    },
    "stock": {_SURE: ("库存", "库存数量", "可售数量", "数量", "stock", "qty", "quantity", "inventory", "余量", "剩余", "现货数量",
                      "available")},
    "state": {_SURE: ("状态", "上架状态", "销售状态", "是否上架", "是否在售", "status", "state", "供货状态", "商品状态", "是否可售",
                      "active", "在售状态")},
    "region": {_SURE: ("地区", "区域", "省份", "区服", "适用地区", "region", "area", "country", "province", "使用地区",
                       "国家地区", "国家", "归属地")},
    "currency": {_SURE: ("币种", "货币", "currency", "结算币种")},
    "note": {_SURE: ("备注", "说明", "注意事项", "note", "notes", "remark", "remarks", "comment", "购买须知", "描述",
                     "详情")},
    "category": {_SURE: ("分类", "类目", "类别", "商品分类", "category", "一级分类", "二级分类", "产品分类", "大类", "板块")},
    "number": {_SURE: ("卡号", "账号卡号", "cardno", "cardnumber", "number", "卡号账号", "序号卡号", "serial", "serialno",
                       "卡片号", "卡 号")},
    "secret": {
        _SURE: ("卡密", "密码", "密码卡密", "兑换码", "激活码", "secret", "pin", "password", "code", "cdk", "cdkey", "key",
                "券码", "卡密码", "充值码",
                "redeemcode", "giftcode", "序列号", "密钥", "voucher", "vouchercode", "cardpassword", "卡密兑换码"),
    },
    "expires": {
        _SURE: ("有效期", "到期时间", "过期时间", "有效期至", "截止日期", "expires", "expiry", "expirydate", "expiresat",
                "validuntil", "失效时间", "到期日",
                "有效日期", "截止时间", "有效时间", "使用期限", "validto", "expirationdate"),
    },
    "effective": {_SURE: ("生效时间", "生效日期", "执行日期", "effective", "effectivefrom", "effectivedate", "调价时间",
                          "开始时间")},
}  # fmt: skip
_BY_HEADER: Final = {
    (role, compact(word)): certainty
    for role, levels in _HEADERS.items()
    for certainty, entries in levels.items()
    for word in entries
}
_CODE_ONLY = frozenset({"number", "secret", "expires"})
_OFFER_ONLY = frozenset({"item", "price", "official", "stock", "state", "effective"})
_BRACKETED = re.compile(r"[(（\[【](.*?)[)）\]】]")
_SEQUENCE = frozenset({"序号", "序", "no", "编号", "#", "index", "行号", "num"})


class Column(msgspec.Struct, frozen=True):
    """One column's meaning. ``fen``: bare numbers are minor units. ``tax``: True, False or None where
    unsaid.
    """

    at: int
    header: str
    role: str
    certainty: int
    fen: bool = False
    tax: bool | None = None
    face: bool = False
    currency: str = ""


class Mapping(msgspec.Struct, frozen=True):
    """The meaning of a table's columns. ``doubts`` are stable codes with a column header after a colon."""

    columns: tuple[Column, ...]
    doubts: tuple[str, ...] = ()

    def column(self, role: str) -> Column | None:
        """Return the column with a role, if there is one."""
        return next((column for column in self.columns if column.role == role), None)

    @property
    def certain(self) -> bool:
        """Whether the mapping may be used without a person."""
        return not self.doubts


def header_roles(header: str, purpose: str) -> list[tuple[str, int]]:
    """Return what a header may mean for a purpose (``offers`` or ``codes``), the surest first."""
    text = fold(header)
    bare = compact(_BRACKETED.sub("", text)) or compact(text)
    found = []
    for role in ROLES:
        if role in (_CODE_ONLY if purpose == "offers" else _OFFER_ONLY):
            continue
        certainty = _BY_HEADER.get((role, bare)) or _BY_HEADER.get((role, compact(text)))
        if certainty is None:
            certainty = _partial(role, bare)
        if certainty:
            found.append((role, certainty))
    return sorted(found, key=lambda pair: -pair[1])


def _partial(role: str, bare: str) -> int | None:
    """Find a sure wording inside a longer header (华东区供货价), for wordings long enough to be telling."""
    if len(bare) > 14:
        return None
    for word in _HEADERS[role][_SURE]:
        key = compact(word)
        if len(key) >= (2 if not key.isascii() else 5) and (bare.endswith(key) or bare.startswith(key)):
            return _LIKELY - 5 if bare.endswith(key) else _WEAK + 5
    return None


def propose(
    headers: Sequence[CellValue],
    rows: Sequence[Sequence[CellValue]],
    *,
    purpose: str = "offers",
    hidden: frozenset[int] = frozenset(),
) -> Mapping:
    """Propose the meaning of each column from its header and a sample of its cells; hidden columns mean
    nothing.
    """
    claims: dict[str, list[Column]] = {}
    for at, header in enumerate(headers):
        text = cell_text(header)
        if not text.strip() or at in hidden:
            continue
        cells = [row[at] if at < len(row) else None for row in rows]
        for role, certainty in header_roles(text, purpose):
            fit = _fits(role, cells, header=text)
            if fit:
                claims.setdefault(role, []).append(_column(at, text, role, certainty + fit))
                break
    return _settle(claims, purpose)


def _column(at: int, header: str, role: str, certainty: int) -> Column:
    text = fold(header)
    units = " ".join(_BRACKETED.findall(text))
    fen = role in {"price", "official"} and bool(
        re.search(r"(?:^|[/\s])分$|单位[::]?分|\bfen\b|\bcents?\b", units or "")
    )
    fen = fen or (
        role in {"price", "official"} and compact(text).endswith(("价分", "pricefen", "pricecents"))
    )
    tax = (
        False
        if re.search(r"不含税|未税|税前|excl", text)
        else True
        if re.search(r"含税|incl", text)
        else None
    )
    face = (
        role == "spec"
        and ("面值" in text or "面额" in text or "facevalue" in compact(text))
        and "时长" not in text
    )
    found = re.search(r"\b(usd|hkd|eur|jpy|twd|gbp)\b", text)
    return Column(
        at,
        header,
        role,
        certainty,
        fen=fen,
        tax=tax,
        face=face,
        currency=found.group(1).upper() if found else "",
    )


def _fits(role: str, cells: Sequence[CellValue], *, header: str) -> int:
    """Return how well cells fit a role: 0 when they contradict it, more when they confirm it."""
    filled = [cell for cell in cells if cell_text(cell).strip()]
    if not filled:
        return 1 if role not in {"kind", "target"} else 0
    if role in {"price", "official"}:
        priced = sum(parse_price(cell).unit_price_e4 is not None for cell in filled)
        return 10 if priced * 2 >= len(filled) else 2
    if role == "kind":
        known = sum(compact(cell_text(cell)) in KIND_CELLS for cell in filled)
        return 10 if known * 2 >= len(filled) else 0
    if role == "target":
        known = sum(any(word in fold(cell_text(cell)) for word in TARGET_CELLS) for cell in filled)
        return 10 if known * 2 >= len(filled) else 0
    if role == "state":
        return 10 if sum(parse_state(cell) is not None for cell in filled) * 2 >= len(filled) else 2
    if role == "item" and compact(header) in _SEQUENCE:
        # A running number says where a row stood, not which goods it is: it changes with the next sheet.
        numbers = [exact(cell) if not isinstance(cell, str) else None for cell in filled]
        texts = [cell_text(cell) for cell in filled]
        running = [str(index) for index in range(1, len(texts) + 1)]
        return 0 if texts == running or numbers == list(range(1, len(texts) + 1)) else 5
    if role == "name":
        texts = [cell_text(cell) for cell in filled]
        return 10 if sum(not text.replace(".", "").isdigit() for text in texts) * 2 >= len(texts) else 0
    return 5


def _settle(claims: dict[str, list[Column]], purpose: str) -> Mapping:
    chosen: dict[int, Column] = {}
    doubts: list[str] = []
    for role in ROLES:
        columns = sorted(claims.get(role, []), key=lambda column: (-column.certainty, column.at))
        if not columns:
            continue
        best = columns[0]
        rivals = [column for column in columns[1:] if column.certainty >= best.certainty - 5]
        if rivals and role == "price":
            taxed = [column for column in (best, *rivals) if column.tax]
            if len(taxed) == 1:
                best = taxed[0]
            else:
                doubts.append(f"two_prices:{best.header}/{rivals[0].header}")
        elif rivals and role in {"item", "secret"}:
            doubts.append(f"two_columns:{best.header}/{rivals[0].header}")
        chosen[best.at] = best
    mapped = {column.role for column in chosen.values()}
    if purpose == "offers":
        if not mapped & {"name", "spec"}:
            doubts.append("no_name")
        if "price" not in mapped:
            doubts.append("no_price")
    elif not mapped & {"secret", "number"}:
        doubts.append("no_secret")
    return Mapping(tuple(chosen[at] for at in sorted(chosen)), tuple(doubts))
