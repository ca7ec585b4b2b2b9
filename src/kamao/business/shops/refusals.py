"""The refusals of shops and listings: stable codes with their texts."""

from typing import Final

from kamao.kernel.errors import problem

SHOP_NOT_FOUND: Final = problem(
    "shop_not_found", 404, title_zh="店铺不存在", title_en="Shop not found",
    detail_zh="没有这个店铺，请检查地址。", detail_en="There is no such shop; check the address.",
)  # fmt: skip
LISTING_NOT_FOUND: Final = problem(
    "listing_not_found", 404, title_zh="上架规则不存在", title_en="Listing not found",
    detail_zh="没有这条上架规则，请刷新列表。", detail_en="There is no such listing rule; read the list again.",
)  # fmt: skip
SHOP_SLUG_TAKEN: Final = problem(
    "shop_slug_taken", 409, title_zh="店铺地址已被占用", title_en="Shop address taken",
    detail_zh="请换一个店铺地址。", detail_en="Choose another shop address.",
)  # fmt: skip
NOTHING_TO_UNDO: Final = problem(
    "nothing_to_undo", 409, title_zh="没有可撤销的改动", title_en="Nothing to undo",
    detail_zh="该改动之后规则又有改动，或已撤销；请撤销最近一次改动。",
    detail_en="The rules were changed since, or this change is undone already; undo the latest one.",
)  # fmt: skip
