"""Why a row was matched, put aside or refused: stable codes with a sentence in Chinese and in English.

Owns the texts. Refuses a code without both languages (a test walks all of them).
"""

from collections.abc import Mapping
from typing import Final

REASONS: Final[dict[str, tuple[str, str]]] = {
    "matched": ("已自动匹配", "Matched by itself"),
    "decided": ("按以往的确认匹配", "Matched as decided before"),
    "text_equal": ("名称与规格和标准库完全一致", "Name and variant read exactly as in the library"),
    "words_equal": (
        "写法不同但名称、规格、数值相同",
        "Written otherwise, the same name, variant and numbers",
    ),
    "words_close": (
        "省略了不影响商品的字词，规格和数值相同",
        "Words that change nothing left out; the same variant and numbers",
    ),
    "kind_by_name": ("未注明卡密或直充，按标准库名称判断", "Kind not stated; taken from the library's name"),
    "region_by_name": ("未注明地区，按名称判断", "Region not stated; taken from the name"),
    "title": ("标题行，不是商品", "A title, not goods"),
    "header": ("表头行", "A header row"),
    "blank": ("空行", "A blank row"),
    "total": ("合计行，不是商品", "A total, not goods"),
    "heading": ("分组标题行，不是商品", "A section heading, not goods"),
    "hidden": (
        "行已隐藏，未导入；需要时取消隐藏后重新上传",
        "The row is hidden and was left out; unhide it and upload again if it counts",
    ),
    "name_missing": ("没有商品名称", "The product name is missing"),
    "product_unknown": (
        "标准库中没有找到这个商品，请选择对应规格或确认不是我们的商品",
        "No such product in the library: choose the SKU, or say it is not ours",
    ),
    "variant_unknown": (
        "找到了商品，但标准库没有这个规格（{spec}）",
        "The product is known, this variant is not ({spec})",
    ),
    "variant_unstated": (
        "没有写明规格（面值、时长或数量）",
        "The variant is not stated (value, duration or count)",
    ),
    "kind_differs": (
        "类型不同：表中与标准库一个是卡密、一个是直充",
        "The kind differs: one is a code, the other a top-up",
    ),
    "kind_unstated": ("没有写明是卡密还是直充", "It is not stated whether this is a code or a top-up"),
    "kind_conflict": ("同一行里既写卡密又写直充", "The row says both code and top-up"),
    "region_differs": ("适用地区与标准库不同", "The region differs from the library's"),
    "brand_differs": ("品牌与标准库不同", "The brand differs from the library's"),
    "ambiguous": ("有多个规格都符合，请选择", "Several SKUs fit; choose one"),
    "price_missing": ("没有填写供货价", "The supply price is missing"),
    "price_on_request": ("价格是“{price}”，请填写数字", "The price says “{price}”; state a number"),
    "price_not_for_sale": (
        "价格栏写着“{price}”，没有可用的供货价",
        "The price column says “{price}”: nothing to sell at",
    ),
    "price_zero": ("供货价不能为 0", "The supply price must not be 0"),
    "price_negative": ("供货价不能为负数", "The supply price must not be negative"),
    "price_range": (
        "供货价是一个范围（{price}），请填写一个数字",
        "The supply price is a range ({price}); state one number",
    ),
    "price_precision": ("供货价小数超过 4 位", "The supply price has more than 4 decimals"),
    "price_too_large": ("供货价过大", "The supply price is too large"),
    "price_discount": (
        "供货价写成了折扣（{price}），请填写金额",
        "The supply price is a discount ({price}); state an amount",
    ),
    "price_approximate": (
        "供货价不确定（{price}），请填写准确金额",
        "The supply price is approximate ({price}); state it exactly",
    ),
    "price_formula": (
        "供货价是公式，公式不会被计算，请粘贴为数值",
        "The supply price is a formula and is never computed; paste it as a value",
    ),
    "price_currency": (
        "看不出供货价的币种（{price}）",
        "The currency of the supply price is unclear ({price})",
    ),
    "price_unreadable": ("供货价无法识别（{price}）", "The supply price cannot be read ({price})"),
    "currency_differs": ("币种与标准库不同（{price}）", "The currency differs from the library's ({price})"),
    "price_above_official": (
        "供货价 {price} 高于官方价 {official}，请确认",
        "The supply price {price} is above the official price {official}; confirm",
    ),
    "price_far_below_official": (
        "供货价 {price} 不到官方价 {official} 的一成，请确认单位",
        "The supply price {price} is under a tenth of {official}; check the unit",
    ),
    "state_unreadable": (
        "状态“{state}”无法识别，应为在售或下架",
        "The state “{state}” is unclear; say on sale or off sale",
    ),
    "date_unreadable": (
        "日期“{date}”无法识别，请写成 2027-12-31 或 长期",
        "The date “{date}” cannot be read; write 2027-12-31",
    ),
    "effective_past": ("生效时间早于现在，按立即生效处理", "The effective time has passed; taken as at once"),
    "duplicate_item": (
        "货号 {item} 在第 {row} 行已出现",
        "The item number {item} stands in row {row} already",
    ),
    "duplicate_goods": ("同一商品在第 {row} 行已有报价", "The same goods are quoted in row {row} already"),
    "item_moved": (
        "货号 {item} 以前是“{before}”，现在像“{after}”，请确认",
        "The item {item} was “{before}” and now reads “{after}”; confirm",
    ),
    "item_too_long": ("货号超过 64 个字符", "The item number is longer than 64 characters"),
    "not_ours": ("已确认不是平台商品", "Said not to be among our goods"),
    "not_on_sale": ("已下架且没有供货价，未导入", "Off sale and without a price: left out"),
    "secret_missing": ("没有卡密", "The code is missing"),
    "secret_too_long": ("卡号或卡密超过 512 个字符", "The number or the code is longer than 512 characters"),
    "secret_digits_lost": (
        "数字超过 15 位，表格已丢失末尾数字，请把该列设为文本后重新导出",
        "A number of more than 15 digits lost its end; format the column as text, export again",
    ),
    "line_unreadable": ("这一行分不出卡号和卡密", "Number and code cannot be told apart in this row"),
    "goods_differ": (
        "这一行写的是 {title}，与所选报价不同",
        "This row says {title}, which is not the chosen offer",
    ),
    "goods_unstated": (
        "没有写明是哪个商品的卡密，请选择报价",
        "It is not stated which goods the codes are for; choose an offer",
    ),
    "not_a_code_product": ("{title} 不是卡密商品", "{title} is not delivered as a code"),
    "no_official_price": (
        "还没有该商品的报价，请先导入报价单",
        "There is no offer for these goods yet; import a quote first",
    ),
    "expired": ("已过期（{date}）", "Expired ({date})"),
    "duplicate": ("卡密重复：本文件或以前已导入", "A duplicate: in this file or imported before"),
    "invalid": ("卡密为空或含无效字符", "The code is empty or holds invalid characters"),
    "lot_not_found": ("批次已召回", "The lot was recalled"),
    "offer_not_found": ("报价不存在", "The offer does not exist"),
    "sku_not_found": ("引擎中没有该规格", "The engine does not know this SKU"),
    "supplier_not_found": ("供应商尚未开通交易", "The supplier is not yet open for trade"),
    "invalid_price": ("供货价超出范围", "The supply price is out of range"),
    "currency_mismatch": ("币种与标准库不同", "The currency differs from the library's"),
    "offer_taken": ("报价编号已被占用", "The offer's id is taken"),
    "two_prices": (
        "有两列都像供货价（{columns}），请选择",
        "Two columns read like the supply price ({columns}); choose",
    ),
    "two_columns": ("有两列含义相同（{columns}），请选择", "Two columns mean the same ({columns}); choose"),
    "no_name": ("没有找到商品名称列，请选择", "No column for the product name; choose it"),
    "no_price": ("没有找到供货价列，请选择", "No column for the supply price; choose it"),
    "no_secret": ("没有找到卡密列，请选择", "No column for the code; choose it"),
    "no_table": ("文件里没有找到表格", "No table was found in the file"),
    "fen_suspected": (
        "多数价格高于官方价几十倍，单位可能是分",
        "Most prices are many times the official ones; the unit may be fen",
    ),
    "phone_missing": ("没有联系方式或名称", "Neither a name nor a contact"),
    "balance_unreadable": ("余额“{value}”无法识别", "The balance “{value}” cannot be read"),
}


def reason_text(code: str, language: str, params: Mapping[str, str] | None = None) -> str:
    """Return the sentence of a reason in ``zh`` or ``en``; unknown codes are shown as they are."""
    pair = REASONS.get(code)
    if pair is None:
        return code
    text = pair[0] if language.startswith("zh") else pair[1]
    values = dict(params or {})
    for name in _PLACES:
        text = text.replace("{" + name + "}", values.get(name, "—"))
    return text


_PLACES = (
    "spec",
    "price",
    "official",
    "state",
    "date",
    "item",
    "row",
    "before",
    "after",
    "title",
    "columns",
    "value",
)
