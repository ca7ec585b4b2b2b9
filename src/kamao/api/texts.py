"""The words of the documentation, in both languages: operations, groups, introduction, examples.

Owns no rule. Refuses an operation with one language only: the structure asks for both.
"""

from typing import Any, Final

import msgspec


class OperationText(msgspec.Struct, frozen=True):
    """Title and explanation of one operation."""

    zh: str
    en: str
    description_zh: str
    description_en: str


TAGS: Final[dict[str, tuple[str, str]]] = {
    "catalogue": ("商品目录与报价", "Catalogue and quotes"),
    "orders": ("订单", "Orders"),
    "wallet": ("预存款", "Wallet"),
    "webhooks": ("通知与事件", "Webhooks and events"),
    "api-keys": ("API 密钥", "API keys"),
    "supply": ("供货", "Supply"),
    "listings": ("上架", "Listings"),
    "shops": ("店铺（公开）", "Shops (public)"),
}

INTRODUCTION_EN: Final = (
    "JSON over HTTPS. Times are RFC 3339 in UTC, amounts integers in minor units with a currency "
    "beside them. "
    "Send your key as `Authorization: Bearer kmk_…`; test keys trade test goods with test money. Errors are "
    "application/problem+json (RFC 9457) with a stable `code`. An order is idempotent by its "
    "`reference`, every other "
    "POST by the header Idempotency-Key. Rate limits count per key and per server process."
)


def _text(zh: str, en: str, description_zh: str, description_en: str) -> OperationText:
    return OperationText(zh, en, description_zh, description_en)


OPERATIONS: Final[dict[str, OperationText]] = {
    "listSkus": _text(
        "查询商品", "List SKUs",
        "按编码排列；给出 q 时按匹配度排列，支持中文、拼音、首字母与错别字。价格是您的进货价。",
        "By code, or by fit where `q` is given (Chinese, pinyin, initials, typing errors). Prices "
        "are your wholesale prices.",
    ),
    "getSku": _text(
        "读取商品", "Get a SKU",
        "返回您的进货价、库存与充值表单。", "With your wholesale price, its stock and its top-up form.",
    ),
    "listCategories": _text(
        "查询分类", "List categories",
        "完整分类树，父级在前。",
        "The whole tree, parents first.",
    ),
    "listScenes": _text(
        "查询场景", "List scenes",
        "按场景组织的商品集合。",
        "Themed collections of SKUs.",
    ),
    "createQuote": _text(
        "询价", "Ask for a quote",
        "返回现在下单的价格与说明、库存、充值账号校验结果，以及会不会被接受；不写入、不占用。",
        "What an order would cost now and why, its stock, the check of its target, and whether it "
        "would be accepted. "
        "Nothing is written or reserved.",
    ),
    "createOrder": _text(
        "下单", "Place an order",
        "从预存款付款。卡密商品当场交付。相同 reference、相同内容再次提交返回 200 与订单现状；"
        "无应答或 5xx 表示结果未知，请用同一 reference 重试。",
        "Paid from the wallet; codes are delivered at once. The same reference with the same "
        "content gives 200 and the "
        "order as it is. No answer or 5xx means unknown: repeat the reference.",
    ),
    "createOrders": _text(
        "批量下单", "Place many orders",
        "最多 1000 单，逐单接受或拒绝，按提交顺序返回。整批以各自的 reference 幂等。",
        "Up to 1000, each accepted or refused by itself and answered in order. Idempotent by their "
        "references.",
    ),
    "getOrder": _text(
        "读取订单", "Get an order",
        "密钥带 codes:read 时返回卡密，并记录一次提卡。",
        "With `codes:read` its codes are shown, and that they were shown is recorded.",
    ),
    "listOrders": _text(
        "查询订单", "List orders", "按时间倒序，不含卡密；target 传与下单时相同的 JSON。",
        "Newest first, without codes. `target` is the same JSON as in the order.",
    ),
    "cancelOrder": _text(
        "取消订单", "Cancel an order", "仅限尚未交给供应商的订单，款项即时退回预存款。",
        "Only while nobody has been asked to supply it; the money is back at once.",
    ),
    "getWallet": _text(
        "读取预存款", "Get the wallet",
        "余额、冻结、授信与可用。",
        "Balance, held, credit line, available.",
    ),
    "listWalletEntries": _text(
        "查询预存款流水", "List wallet entries", "按流水号倒序，每笔带变动后余额；游标为流水号。",
        "Newest first, each with the balance after it; cursors are entry numbers.",
    ),
    "createTopup": _text(
        "申报充值", "Announce a top-up",
        "向平台银行账户转账后申报金额与银行流水号，平台确认到账后入账；同一流水号只申报一次。",
        "After a transfer to the operator's bank: its amount and bank reference. "
        "It is booked once it has arrived.",
    ),
    "listTopups": _text("查询充值申报", "List announced top-ups", "按时间倒序。", "Newest first."),
    "listWebhookEndpoints": _text(
        "查询通知地址", "List webhook endpoints",
        "不含签名密钥。",
        "Without their secrets.",
    ),
    "createWebhookEndpoint": _text(
        "添加通知地址", "Add a webhook endpoint", "应答含签名密钥（whsec_…），只显示这一次。通知遵循 Standard Webhooks。",
        "The answer holds the signing secret (whsec_…), shown this once. Deliveries follow "
        "Standard Webhooks.",
    ),
    "rotateWebhookSecret": _text(
        "更换签名密钥", "Rotate a webhook secret", "新旧密钥在重叠期内同时签名，默认 24 小时，最长 7 天。",
        "Both secrets sign during the overlap, a day by default, seven at most.",
    ),
    "deleteWebhookEndpoint": _text("删除通知地址", "Remove a webhook endpoint", "之后不再发送。",
        "Nothing more is sent to it."),
    "listEvents": _text(
        "查询事件", "List events", "按 seq 倒序，与通知内容相同；到达顺序不作保证，请比较 seq。",
        "Newest first, the same as in webhooks. Order of arrival is not promised: compare `seq`.",
    ),
    "redeliverEvent": _text(
        "重新发送事件", "Send an event again", "以同一事件编号发往所有启用的地址。",
        "Under its own id, to every endpoint that is on.",
    ),
    "listApiKeys": _text("查询密钥", "List API keys", "同机构、同模式的密钥，含已撤销。",
        "Of your organisation and mode, revoked ones included."),
    "createApiKey": _text(
        "新建密钥", "Make an API key", "权限不能超出当前密钥；密钥全文只显示这一次。",
        "With no scope the calling key lacks. Its text is shown this once.",
    ),
    "revokeApiKey": _text("撤销密钥", "Revoke an API key", "5 秒内所有进程拒绝该密钥。",
        "Refused everywhere within 5 seconds."),
    "putOffers": _text(
        "更新报价", "Put offers", "按您的货号 item 新增或修改，最多 5000 条，逐条返回结果。",
        "Created or changed by your own `item`, up to 5000, each answered by itself.",
    ),
    "listOffers": _text(
        "查询报价", "List offers",
        "按时间倒序，含未售卡密数。",
        "Newest first, with their free codes.",
    ),
    "addCodes": _text(
        "添加卡密", "Add codes", "最多 10 000 条；重复、无效与过期的逐条拒绝。入库即加密。",
        "Up to 10 000; duplicate, invalid and expired ones are refused one by one. Sealed on arrival.",
    ),
    "streamCodes": _text(
        "流式添加卡密", "Add codes as a stream",
        "NDJSON，每行一条，不限数量。失败后用相同 Idempotency-Key 重发，会续入同一批次，已入库的计为重复。",
        "NDJSON, one per line, without limit. After a failure repeat it with the same "
        "Idempotency-Key: it goes on in the "
        "same lot, and what was stored counts as duplicate.",
    ),
    "listLots": _text(
        "查询批次", "List lots",
        "每批卡密的去向。",
        "With what became of their codes.",
    ),
    "recallLot": _text("召回批次", "Recall a lot", "未售卡密永久下架；已售的归买家。",
        "Unsold codes go off sale for good; sold ones stay sold."),
    "listFulfilments": _text("查询待履约", "List fulfilments", "需人工供货的订单，含充值账号，先到先列。",
        "What waits to be supplied by hand, oldest first, with its target."),
    "succeedFulfilment": _text(
        "报告成功", "Report success", "每件一个回执；少于订购数量时余下的自动退款。",
        "One receipt per unit; fewer than ordered refunds the rest.",
    ),
    "failFulfilment": _text("报告失败", "Report failure", "转下一报价，或退款。",
        "The next offer is tried, or the money goes back."),
    "createImport": _text(
        "上传表格", "Upload a sheet",
        "请求体即文件原文（CSV、TSV、XLSX；卡密另可用 TXT、ZIP），最大 64 MiB；"
        "应答为预览，开始前不上架任何商品。同一文件与参数得到同一导入。",
        "The body is the file itself (CSV, TSV, XLSX; codes also as TXT, ZIP), up to 64 MiB. Answered with "
        "its preview; nothing is on sale before the start. The same file and parameters: the same import.",
    ),
    "listImports": _text("查询导入", "List imports", "按时间倒序。", "Newest first."),
    "getImport": _text("读取导入", "Get an import", "状态、进度、各去向行数与识别出的列。",
        "State, progress, rows by fate, and what its columns are taken for."),
    "listImportRows": _text(
        "查询导入的行", "List an import's rows", "按去向列出，默认为待确认的行，逐行附原因代码与说明；从不含卡密。",
        "By fate, those that wait for a decision unless told; each with its reason. Never with a code.",
    ),
    "startImport": _text(
        "开始导入", "Start an import", "可同时指定各列含义，对相同表头长期有效；随后由后台逐批应用，中断后可再次开始。",
        "Columns may be named with it and are kept for the same headers. Applied in parts; an interrupted "
        "one may be started again.",
    ),
    "cancelImport": _text("取消导入", "Cancel an import", "已应用的行保留。", "What was applied stays."),
    "getRefusedRows": _text(
        "下载未导入的行", "Download refused rows", "您的原表格式，另加原因列；卡密文件请到供应商后台下载。",
        "Your own file's form with a column of reasons. Files of codes are given back in the console only.",
    ),
    "listSettlements": _text("查询结算", "List settlements", "应付账户流水：结算、冲回与出款。",
        "Entries of your payable: settlements, reversals, payouts."),
    "createPayout": _text(
        "申请提现", "Ask for a payout",
        "从应付账户提现，金额即时冻结，由平台打款。",
        "Out of what is owed to you; set aside at once, paid by the operator.",
    ),
    "listPayouts": _text("查询提现", "List payouts", "按时间倒序。", "Newest first."),
    "listListings": _text(
        "查询上架商品", "List listings",
        "店铺规则上架的商品，含暂不可售的，热门在前。",
        "What a shop's rules list, on sale or not, popular first.",
    ),
    "getListing": _text(
        "读取上架商品", "Get a listing",
        "返回零售价、进货价与价格说明，未上架的也返回状态。",
        "Retail price, your cost and the reasons; an unlisted SKU says so.",
    ),
    "createListing": _text(
        "上架单品", "List a SKU",
        "没有规则上架它时新增一条规则，并设置该单品的价格、标题、排序。",
        "A rule is added where none lists it; price, title and position are decided for it alone.",
    ),
    "updateListing": _text(
        "修改上架商品", "Change a listing",
        "只改给出的字段，null 表示取消单独设置。",
        "Only what is given changes; null takes a decision back.",
    ),
    "deleteListing": _text(
        "下架单品", "Unlist a SKU",
        "被更大范围规则上架的商品改为隐藏。",
        "Where a wider rule still lists it, it is hidden.",
    ),
    "bulkList": _text(
        "一键上架", "List with one click",
        "按分类、场景、品牌或全部建立规则，瞬间完成，价格随成本变动。",
        "By category, scene, brand or everything: instant, and prices follow cost.",
    ),
    "getShop": _text("读取店铺", "Get a shop", "店铺名称、公告与主色。", "Its name, notice and colour."),
    "listShopSkus": _text(
        "店铺商品", "List a shop's goods",
        "在售商品；q 支持中文、拼音、首字母与错别字。",
        "What is on sale; `q` reads Chinese, pinyin, initials, typing errors.",
    ),
    "getShopSku": _text(
        "店铺商品详情", "Get one of a shop's goods",
        "含购买须知、使用说明与充值表单。",
        "With its notice, how to use it and its top-up form.",
    ),
    "priceCart": _text(
        "购物车计价", "Price a cart",
        "返回金额、缺货等问题与结算所需的身份步骤；不占用库存。",
        "Amounts, troubles, and what checkout will ask for; nothing is reserved.",
    ),
    "createCaptcha": _text(
        "获取验证题", "Get a CAPTCHA",
        "需要人机验证时使用，以文字出题。",
        "A question in words, where checkout asks for one.",
    ),
    "sendPhoneCode": _text(
        "发送短信验证码", "Send a phone code",
        "发送次数受限。",
        "How often is limited.",
    ),
    "createPurchase": _text(
        "提交购买", "Place a purchase",
        "占用库存 15 分钟等待付款；相同 nonce 与内容返回同一购买单。",
        "Goods are reserved for 15 minutes; the same nonce and content give the same purchase.",
    ),
    "getPurchase": _text(
        "读取购买单", "Get a purchase",
        "持有购买单号即可查看；付款后返回卡密并记录提取。",
        "Its number is the right to see it; once paid its codes are shown, which is recorded.",
    ),
    "payPurchase": _text(
        "支付购买单", "Pay a purchase",
        "返回支付地址，重复调用得到同一支付单。",
        "Where to send the buyer; again gives the same payment.",
    ),
    "lookUpPurchases": _text(
        "查单", "Look up purchases",
        "按购买单号、订单号、支付单号，或联系方式加查询密码；次数受限。",
        "By any of its numbers, or by contact and password; attempts are limited.",
    ),
}  # fmt: skip

EXAMPLES: Final[dict[str, Any]] = {
    "createQuote": {"sku": "tencent-video-month", "quantity": 1},
    "createOrder": {"sku": "tencent-video-month", "quantity": 1, "reference": "A-1001",
        "max_unit_price_decimal": "1500"},
    "createOrders": {
        "orders": [
            {"sku": "tencent-video-month", "quantity": 1, "reference": "A-1002"},
            {"sku": "mobile-100", "quantity": 1, "reference": "A-1003", "target": {"phone": "13800138000"}},
        ]
    },
    "cancelOrder": {"reason": "buyer changed their mind"},
    "createWebhookEndpoint": {"url": "https://example.com/kamao", "events": ["order.*"]},
    "rotateWebhookSecret": {"overlap_s": 86400},
    "createApiKey": {"label": "shop server", "scopes": ["orders:write", "orders:read"]},
    "putOffers": {"offers": [{"item": "TX-01", "sku": "tencent-video-month",
        "supply_price_decimal": "1380"}]},
    "addCodes": {"codes": [{"number": "TX2026110001", "secret": "ABCD-EFGH-JKLM",
        "expires_at": "2027-11-30T16:00:00Z"}]},
    "succeedFulfilment": {"receipts": [{"secret": "SN20261122000001"}]},
    "failFulfilment": {"reason": "number is out of service"},
    "startImport": {"sheets": [{"sheet": "报价", "columns": [
        {"at": 0, "role": "name"}, {"at": 2, "role": "price"}]}]},
    "createTopup": {"amount": 100000, "bank_reference": "2026112200001"},
    "createPayout": {"amount": 5000},
    "createListing": {"sku": "tencent-video-month", "markup_per_mille": 150},
    "updateListing": {"price_decimal": "1990", "position": 1},
    "bulkList": {"rules": [
            {"scope": "category", "of": "video", "markup_per_mille": 120, "rounding": "end_9"},
        ]},
    "priceCart": {"lines": [{"sku": "tencent-video-month", "quantity": 1}]},
    "sendPhoneCode": {"phone": "13800138000"},
    "createPurchase": {
        "lines": [{"sku": "tencent-video-month", "quantity": 1}], "nonce": "0123456789abcdef01234567",
        "contact": "13800138000", "query_password": "keep-this", "ticked": True,
    },
    "payPurchase": {"return_url": "https://example.com/done"},
    "lookUpPurchases": {"contact": "13800138000", "query_password": "keep-this"},
}  # fmt: skip
