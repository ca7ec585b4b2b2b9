"""Who plays in the demo. Names, levels and prices are data; nothing here does anything."""

from typing import Final

import msgspec

HISTORY_DAYS: Final = 90
SEED: Final = 20_261_121
SHOP_SLUG: Final = "maomi"


class Player(msgspec.Struct, frozen=True):
    """An organisation of the demo and its people as (role, e-mail)."""

    key: str
    kind: str
    name: str
    level: int = 0
    people: tuple[tuple[str, str], ...] = ()


PLAYERS: Final = (
    Player("operator", "operator", "卡猫平台", people=(("admin", "operator@demo.kamao.invalid"),)),
    Player("xinghai", "supplier", "星海数卡", people=(("admin", "supplier@demo.kamao.invalid"),)),
    Player("jinli", "supplier", "锦鲤卡券", people=(("admin", "jinli@demo.kamao.invalid"),)),
    Player("dongfeng", "supplier", "东风充值", people=(("admin", "dongfeng@demo.kamao.invalid"),)),
    Player(
        "maomi", "merchant", "猫咪数卡店", level=2,
        people=(("admin", "merchant@demo.kamao.invalid"), ("support", "support@demo.kamao.invalid")),
    ),
    Player("laowang", "merchant", "老王便利店", level=0, people=(("admin", "laowang@demo.kamao.invalid"),)),
    Player("qingfeng", "merchant", "清风社群团购", level=1, people=(("admin", "qingfeng@demo.kamao.invalid"),)),
    Player("dianjing", "merchant", "电竞小站", level=3, people=(("admin", "dianjing@demo.kamao.invalid"),)),
)  # fmt: skip

LEVEL_MARKUPS: Final = {0: 30, 1: 24, 2: 16, 3: 10}
"""Per mille on cost by level; level 0 is the default rule."""

PRIVATE_SKU: Final = "tencent-video-month"
PRIVATE_MARKUP: Final = 5
"""密价 of 电竞小站 for one SKU, per mille on cost."""

COST_SHARES: Final = {
    "话费充值": 980, "流量充值": 800, "生活缴费": 985, "游戏点卡": 955, "游戏直充": 930, "视频会员": 695, "音乐听书": 650,
    "软件授权": 600, "礼品卡券": 960, "知识教育": 550,
}  # fmt: skip
"""Cost in per mille of the official price, by category."""
COST_SHARE_OTHER: Final = 720

PACE: Final = {"maomi": 30, "laowang": 14, "qingfeng": 20, "dianjing": 26}
"""Prepaid orders of a merchant on an ordinary day at the end of the story."""
SHOP_CONTACT: Final = "微信 maomi-demo（9:00–23:00）"
BUNDLES: Final = (
    ("binge", "追剧套餐", "Binge pack", ("tencent-video-month", "iqiyi-gold-month")),
    ("esports", "电竞套餐", "E-sports pack", ("steam-wallet-50", "youku-month")),
)
"""Bundles of the demo's shop: address, names, SKU codes; three per cent off together."""
BUNDLE_DISCOUNT: Final = 30

SHOP_PURCHASES_A_DAY: Final = 24
WEEKDAY_SHARE: Final = (90, 88, 92, 96, 118, 132, 124)
"""Trade by weekday in per cent, Monday first."""
HOURS: Final = (10, 12, 15, 18, 20, 22)
"""Business hours at which a day's trade is done, in Asia/Shanghai."""
STOCK_START: Final = 24
STOCK_REFILL_BELOW: Final = 20
STOCK_REFILL: Final = 60
