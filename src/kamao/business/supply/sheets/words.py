"""The vocabulary of suppliers' sheets: kinds, regions, decoration, well-known other names of brands.

Owns word lists only. A word belongs here when it never changes which goods are meant (decoration), or when it
names exactly one kind, region or brand; a word that could mean two things stays out, so that the row is
reviewed.
"""

from typing import Final

KIND_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (
        "topup",
        (
            r"(?:手机|手机号|qq号?|账号|帐号|微信号?)(?:码)?(?:官方)?直充|官方直充|官方代充|自动直充|秒到直充|直接充值|在线直充"
            r"|直充|直冲|代充|秒充|秒冲|快充|自动充值|官方充值|手机号充值|账号充值|填手机号|填账号|填qq号"
            r"|\bdirect top[- ]?up\b|\bdirect recharge\b|\btop[- ]?up\b|\btopup\b"
        ),
    ),
    (
        "code",
        (
            r"自动发卡密|电子卡密|卡密|卡号密码|兑换码|激活码|充值码|礼品码|序列号|电子卡|电子码|电子券|cd[- ]?keys?|\bcdk\b|cdk"
            r"|\bredeem(?:ption)? codes?\b|\bgift codes?\b|\bcodes?\b|\bkeys?\b"
        ),
    ),
)
"""Words in a title that name the kind, longest first. 充值 alone is part of many product names and decides
nothing.
"""

KIND_CELLS: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("直充", "直冲", "充值", "代充", "在线充值", "直接充值", "账号充值", "话费充值", "topup", "directtopup", "recharge",
         "directrecharge",
         "direct", "快充", "官方直充", "自动充值", "api直充", "接口直充"), "topup"),
    **dict.fromkeys(
        ("卡密", "卡", "卡券", "兑换码", "激活码", "充值码", "cdk", "cdkey", "code", "codes", "key", "keys", "giftcard",
         "电子卡", "点卡",
         "券码", "电子券", "卡密自动发货", "自动发货卡密", "发卡", "卡密类", "电子卡密", "pin", "ecode", "redeemcode", "序列号", "礼品卡"),
         "code"),
    "慢充": "slow_topup",
    **dict.fromkeys(("券", "代金券", "优惠券", "voucher", "coupon"), "voucher"),
    **dict.fromkeys(("授权", "软件授权", "licence", "license", "许可证"), "licence"),
    **dict.fromkeys(("课程", "course"), "course"),
    **dict.fromkeys(("人工", "手工", "手动", "人工代充", "manual"), "manual"),
    **dict.fromkeys(("实物", "实体", "实体卡", "parcel", "physical"), "parcel"),
}  # fmt: skip

TARGET_CELLS: Final = (
    "手机", "电话", "qq", "账号", "帐号", "户号", "uid", "游戏id", "角色", "区服", "邮箱", "email", "phone", "account", "meter",
    "mobile",
)  # fmt: skip
"""A top-up column that names one of these says that the goods are topped up."""

KINDS_DELIVERED_AS_CODE: Final = frozenset({"code", "voucher", "licence", "course"})

REGION_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("CN", r"中国大陆|中国内地|大陆地区|大陆|内地|国服|国区|中国区|国行|全国通用|全国|\bchina\b|\bmainland\b"),
    ("HK", r"香港|港服|港区|港版|\bhk\b|hong ?kong"),
    ("TW", r"台湾|台服|台区|\btw\b|taiwan"),
    ("MO", r"澳门"),
    ("US", r"美国|美服|美区|美版|\bus\b|\busa\b"),
    ("JP", r"日本|日服|日区|日版|\bjp\b|\bjapan\b"),
    ("KR", r"韩国|韩服|韩区|\bkr\b|\bkorea\b"),
    ("GB", r"英国|英服|英区|\buk\b"),
    ("EU", r"欧洲|欧服|欧区|欧盟|\beu\b"),
    ("TR", r"土耳其|土区|\bturkey\b"),
    ("AR", r"阿根廷|阿区|\bargentina\b"),
    ("RU", r"俄罗斯|俄区|俄服|\brussia\b"),
    ("SEA", r"东南亚"),
    ("SG", r"新加坡|\bsingapore\b"),
    ("IN", r"印度区|印度|\bindia\b"),
    ("GLOBAL", r"国际服|国际版|全球|外服|海外|\bglobal\b|\bworldwide\b"),
)  # fmt: skip

PROVINCES: Final = (
    "北京", "上海", "天津", "重庆", "广东", "浙江", "江苏", "四川", "湖北", "山东", "河南", "福建", "河北", "山西", "辽宁", "吉林", "黑龙江",
    "安徽", "江西", "湖南", "海南", "贵州", "云南", "陕西", "甘肃", "青海", "内蒙古", "广西", "西藏", "宁夏", "新疆", "深圳",
)  # fmt: skip

DECORATION: Final = (
    "自动发货", "秒发货", "极速发货", "当天发货", "秒发", "秒到账", "秒到", "急速到账", "极速到账", "快速到账", "24小时", "24h",
    "官方正品", "正品保证", "正品保障", "官方授权", "官方旗舰", "官方", "正版", "正品", "原装",
    "特价", "促销", "热销", "热卖", "爆款", "爆品", "推荐", "主推", "新品上架", "现货", "优惠", "低价", "包邮", "限时", "活动价", "一手货源", "一手",
    "稳定",
    "全国通用", "国内", "支持全国", "不退不换", "不支持退换", "售出不退", "可开票", "开票", "含票", "量大从优", "支持批量", "支持接口", "售后无忧", "质保",
    "可查", "在线发货", "批发", "电子版",
    r"\bofficial\b", r"\bgenuine\b", r"\binstant(?: delivery)?\b", r"\bhot\b", r"\bsale\b",
    r"\bfast delivery\b",
)  # fmt: skip
"""Words that praise or describe delivery and never change the goods."""

BRAND_OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "哔哩哔哩": ("b站", "bilibili", "哔哩"),
    "爱奇艺": ("iqiyi", "奇艺"),
    "优酷": ("youku", "优酷视频"),
    "腾讯视频": ("tencent video", "腾讯视屏"),
    "芒果TV": ("芒果", "mgtv", "芒果视频", "芒果tv视频", "mango tv"),
    "搜狐视频": ("搜狐",),
    "西瓜视频": ("西瓜",),
    "咪咕视频": ("咪咕",),
    "乐视视频": ("乐视",),
    "PP视频": ("pptv",),
    "QQ音乐": ("qq music",),
    "网易云音乐": ("网易云", "netease music"),
    "酷狗音乐": ("酷狗",),
    "酷我音乐": ("酷我",),
    "喜马拉雅": ("喜马拉雅fm", "ximalaya"),
    "蜻蜓FM": ("蜻蜓",),
    "荔枝": ("荔枝fm",),
    "中国移动": ("移动", "china mobile"),
    "中国联通": ("联通", "china unicom"),
    "中国电信": ("电信", "china telecom"),
    "中国广电": ("广电",),
    "国家电网": ("国网",),
    "南方电网": ("南网",),
    "中石化": ("中国石化", "sinopec"),
    "中石油": ("中国石油",),
    "索尼": ("sony", "ps"),
    "任天堂": ("nintendo",),
    "微软": ("microsoft",),
    "苹果": ("apple",),
    "暴雪": ("blizzard",),
    "米哈游": ("mihoyo", "hoyoverse"),
    "腾讯": ("tencent", "腾讯游戏"),
    "网易": ("netease", "网易游戏"),
    "鹰角": ("鹰角网络",),
    "金山": ("金山办公", "金山软件"),
    "京东": ("jd",),
    "沃尔玛": ("walmart",),
    "滴滴": ("滴滴出行", "didi"),
    "星巴克": ("starbucks",),
    "瑞幸": ("瑞幸咖啡", "luckin"),
    "麦当劳": ("mcdonalds", "mcdonald's"),
    "肯德基": ("kfc",),
    "必胜客": ("pizza hut",),
    "奈雪的茶": ("奈雪",),
    "喜茶": ("heytea",),
    "盒马": ("盒马鲜生",),
    "全家": ("全家便利店", "familymart"),
    "永辉": ("永辉超市",),
    "阿里": ("阿里巴巴",),
    "微信读书": ("微信阅读",),
    "帆书": ("樊登读书",),
    "粉笔": ("粉笔公考",),
}
"""Other names of a brand; used only where the library has the brand and the other name means nothing else
there.
"""

PRODUCT_OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "Q币": ("QB", "QQ币"),
    "英雄联盟点券": ("LOL点券",),
    "和平精英UC": ("和平UC",),
    "崩坏星穹铁道古老梦华": ("星穹铁道古老梦华", "星铁古老梦华", "崩铁古老梦华"),
}
"""Other names of single products that mean nothing else."""

TOTAL_WORDS: Final = frozenset(
    {
        "合计",
        "总计",
        "小计",
        "共计",
        "合计金额",
        "总数",
        "总和",
        "汇总",
        "total",
        "totals",
        "subtotal",
        "grandtotal",
        "sum",
        "平均",
    }
)

DEFAULT_VARIANTS: Final = frozenset(
    {"", "标准版", "标准", "默认", "通用", "普通版", "standard", "default", "base"}
)
"""A variant that says nothing: a row that names none may still mean it."""
