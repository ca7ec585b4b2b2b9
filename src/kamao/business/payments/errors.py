"""What payments refuse: stable codes with the next step in both languages."""

from kamao.kernel.errors import problem

PAYMENT_UNAVAILABLE = problem(
    "payment_unavailable", 503, title_zh="暂时无法支付", title_en="Payment is unavailable",
    detail_zh="支付渠道没有应答，请稍后再点一次“支付”，不会重复扣款。",
    detail_en="The payment provider did not answer. Press pay again in a moment; you are not charged twice.",
)  # fmt: skip
PURCHASE_EXPIRED = problem(
    "purchase_expired", 409, title_zh="订单已超时", title_en="The purchase has expired",
    detail_zh="订单已超过支付时间，请重新下单；已支付的款项会自动原路退回。",
    detail_en="The time to pay is over: order again. Money already paid goes back to its source by itself.",
)  # fmt: skip
PAYMENT_ACCOUNT_NOT_FOUND = problem(
    "payment_account_not_found", 404, title_zh="没有可用的支付方式", title_en="No way to pay",
    detail_zh="该商店还没有开通这种货币的支付方式，请联系店主。",
    detail_en="This shop has no payment account for the currency; ask its owner.",
)  # fmt: skip
PURCHASE_PAID = problem(
    "purchase_paid", 409, title_zh="订单已支付", title_en="Already paid",
    detail_zh="订单已经支付，请打开订单页查看。",
    detail_en="This purchase is paid. Open the order page to see it.",
)  # fmt: skip
