"""Every sentence the bank's pages show, in Chinese and English. Refuses: a text in one language only."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "ribbon": ("沙盒银行 · 测试环境 · 不产生真实扣款", "Sandbox bank · TEST · no real money moves"),
    "pay_title": ("沙盒支付", "Sandbox payment"),
    "payee": ("商户号", "Merchant number"),
    "order_no": ("订单号", "Order number"),
    "until": ("请在此时间前支付", "Pay before"),
    "pay": ("确认支付", "Pay"),
    "pay_wrong": ("少付一分（测试）", "Pay one unit less (test)"),
    "pay_twice": ("重复支付两次（测试）", "Pay twice (test)"),
    "leave": ("不支付，返回商店", "Do not pay, back to the shop"),
    "paid": ("已支付", "Paid"),
    "paid_hint": (
        "款项已收到，可以返回商店查看订单。",
        "The money has arrived. Go back to the shop to see your order.",
    ),
    "closed": ("订单已关闭", "Order closed"),
    "closed_hint": (
        "此订单已过期或已关闭，请回商店重新下单。",
        "This order expired or was closed. Order again in the shop.",
    ),
    "back": ("返回商店", "Back to the shop"),
    "not_found": ("没有这个支付页", "No such payment page"),
    "not_found_hint": (
        "请检查链接，或回商店重新发起支付。",
        "Check the link, or start the payment again in the shop.",
    ),
    "control_title": ("沙盒控制台", "Sandbox control desk"),
    "token": (
        "控制口令（在银行目录的 credentials.json 中）",
        "Control token (in credentials.json of the bank's home)",
    ),
    "sign_in": ("进入", "Enter"),
    "token_wrong": ("口令不对，请重试。", "Wrong token. Try again."),
    "faults": ("正在捣乱的规则", "Misbehaviour in force"),
    "no_faults": ("一切正常，没有捣乱规则。", "Nothing is set: the bank behaves."),
    "clear": ("全部恢复正常", "Behave again"),
    "add_fault": ("添加捣乱规则", "Misbehave"),
    "operation": ("环节", "Operation"),
    "kind": ("方式", "Kind"),
    "subject": ("只针对订单号（空为全部）", "Only this order number (empty: all)"),
    "per_mille": ("概率（‰）", "Share (per mille)"),
    "remaining": ("次数（空为不限）", "Times (empty: no end)"),
    "value": ("数值（秒、份数或分）", "Value (seconds, copies or minor units)"),
    "add": ("添加", "Add"),
    "recent": ("最近订单", "Recent orders"),
    "force_pay": ("强制到账", "Force payment"),
    "forge": ("发送伪造通知", "Send a forged notice"),
    "release": ("放行存疑退款", "Release refunds in doubt"),
    "journal": ("日志", "Journal"),
    "state": ("状态", "State"),
    "amount": ("金额", "Amount"),
    "bad_fault": ("规则无效：", "Invalid instruction: "),
    "unpaid": ("待支付", "Unpaid"),
    "language": ("English", "中文"),
}

LANGUAGES: Final = ("zh", "en")


def text(key: str, *, language: str) -> str:
    """The sentence `key` in `zh` or `en`."""
    return TEXTS[key][LANGUAGES.index(language)]


def choose_language(*, query: str, accept: str) -> str:
    """`zh` or `en`: what the address says, else what the browser prefers, else Chinese."""
    if query in LANGUAGES:
        return query
    for entry in accept.lower().split(","):
        code = entry.split(";")[0].strip()[:2]
        if code in LANGUAGES:
            return code
    return "zh"
