"""The bank's web pages: the pay page a buyer sees and the control desk a tester uses. Plain HTML, no script.

Owns: their markup. Refuses: to look like a real bank (every page carries the test ribbon), script, other
origins.
"""

from html import escape
from pathlib import Path

from kamao_sandbox.bank.faults import KINDS, Fault
from kamao_sandbox.bank.http import Answer
from kamao_sandbox.bank.protocol import OrderView
from kamao_sandbox.bank.texts import text

STYLE = Path(__file__).with_name("style.css").read_bytes()

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_EXPONENTS = {"JPY": 0, "KRW": 0}


def money(*, amount_minor: int, currency: str) -> str:
    """An amount for people: sign of the currency or its code, and its own number of decimals."""
    exponent = _EXPONENTS.get(currency, 2)
    whole, part = divmod(amount_minor, 10**exponent)
    digits = f"{whole:,}.{part:0{exponent}d}" if exponent else f"{whole:,}"
    return f"¥{digits}" if currency == "CNY" else f"{currency} {digits}"


def _page(body: str, *, title: str, language: str, status: int = 200, wide: bool = False) -> Answer:
    other = "en" if language == "zh" else "zh"
    html = (
        f'<!doctype html><html lang="{"zh-Hans" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="stylesheet" href="/style.css">'
        f"<title>{escape(text(title, language=language))} · TEST</title></head>"
        f'<body><div class="ribbon">{text("ribbon", language=language)}</div>'
        f"<main{' class=wide' if wide else ''}>"
        f'<a class="language" href="?lang={other}">{text("language", language=language)}</a>'
        f"<h1>{escape(text(title, language=language))}</h1>{body}</main></body></html>"
    )
    return Answer(status, html.encode(), "text/html; charset=utf-8", dict(_HEADERS))


def missing_page(*, language: str) -> Answer:
    """404 for people."""
    body = f'<div class="card"><p>{text("not_found_hint", language=language)}</p></div>'
    return _page(body, title="not_found", language=language, status=404)


def pay_page(order: OrderView, *, subject: str, return_url: str, language: str) -> Answer:
    """What a buyer sees: amount, payee, one big button; or that it is paid or closed."""

    def t(key: str) -> str:
        return text(key, language=language)

    back = f'<a class="button quiet" href="{escape(return_url)}">{t("back")}</a>' if return_url else ""
    details = (
        f'<div class="amount">{escape(money(amount_minor=order.amount_minor, currency=order.currency))}</div>'
        f"<p>{escape(subject)}</p><dl><dt>{t('payee')}</dt><dd>{escape(order.merchant)}</dd>"
        f"<dt>{t('order_no')}</dt><dd>{escape(order.out_trade_no)}</dd></dl>"
    )
    if order.state != "unpaid":
        body = f'<div class="card"><p>{t(order.state + "_hint")}</p>{details}{back}</div>'
        return _page(body, title=order.state, language=language)
    buttons = "".join(
        f'<button name="act" value="{act}" class="{style}">{t(act)}</button>'
        for act, style in (("pay", ""), ("pay_wrong", "quiet"), ("pay_twice", "quiet"))
    )
    leave = back.replace(t("back"), t("leave"))
    body = (
        f'<div class="card">{details}<p>{t("until")} <time>{escape(order.expires_at)}</time></p>'
        f'<form method="post" action="/pay/{escape(order.bank_order_no)}?lang={language}">{buttons}</form>{leave}</div>'
    )
    return _page(body, title="pay_title", language=language)


def sign_in_page(*, language: str, wrong: bool) -> Answer:
    """The door of the control desk."""
    alarm = f'<p class="bad" role="alert">{text("token_wrong", language=language)}</p>' if wrong else ""
    body = (
        f'<div class="card">{alarm}<form method="post" action="/control/sign-in">'
        f"<label>{text('token', language=language)}"
        '<input type="password" name="token" autocomplete="off" required></label>'
        f"<button>{text('sign_in', language=language)}</button></form></div>"
    )
    return _page(body, title="control_title", language=language, status=403 if wrong else 200)


def _fault_form(language: str) -> str:
    operations = "".join(
        f'<optgroup label="{operation}">'
        + "".join(
            f'<option value="{operation}.{kind}">{operation}: {kind}</option>' for kind in sorted(kinds)
        )
        + "</optgroup>"
        for operation, kinds in KINDS.items()
    )
    fields = "".join(
        f'<label>{text(name, language=language)}<input name="{name}" value="{value}"></label>'
        for name, value in (("subject", ""), ("per_mille", "1000"), ("remaining", "1"), ("value", "0"))
    )
    return (
        f'<div class="card"><h2>{text("add_fault", language=language)}</h2>'
        '<form method="post" action="/control/fault">'
        f"<label>{text('operation', language=language)} / {text('kind', language=language)}"
        f'<select name="fault">{operations}'
        f"</select></label>{fields}<button>{text('add', language=language)}</button></form></div>"
    )


def control_page(
    *,
    faults: list[Fault],
    orders: list[OrderView],
    journal: list[tuple[str, str, str, str]],
    language: str,
    problem: str,
) -> Answer:
    """The control desk: instructions in force, a form for more, recent orders with acts, the journal."""

    def t(key: str) -> str:
        return text(key, language=language)

    rules = "".join(
        f"<tr><td>{f.operation}</td><td>{f.kind}</td><td>{escape(f.subject)}</td><td>{f.per_mille}‰</td>"
        f"<td>{'∞' if f.remaining is None else f.remaining}</td><td>{f.value}</td></tr>"
        for f in faults
    )
    rows = "".join(
        f"<tr><td>{escape(order.out_trade_no)}</td><td>{escape(t(order.state))}</td>"
        f"<td>{escape(money(amount_minor=order.amount_minor, currency=order.currency))}</td><td>"
        f'<form method="post" action="/control/order">'
        f'<input type="hidden" name="merchant" value="{escape(order.merchant)}">'
        f'<input type="hidden" name="out_trade_no" value="{escape(order.out_trade_no)}">'
        f'<button name="act" value="force_pay">{t("force_pay")}</button>'
        f'<button class="quiet" name="act" value="forge">{t("forge")}</button></form></td></tr>'
        for order in orders
    )
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in journal
    )
    alarm = f'<p class="bad" role="alert">{t("bad_fault")}{escape(problem)}</p>' if problem else ""
    body = (
        f'{alarm}<div class="card"><h2>{t("faults")}</h2>'
        + (f"<table>{rules}</table>" if faults else f"<p>{t('no_faults')}</p>")
        + f'<form method="post" action="/control/clear"><button class="quiet">{t("clear")}</button></form>'
        f'<form method="post" action="/control/release">'
        f'<button class="quiet">{t("release")}</button></form></div>'
        f'{_fault_form(language)}<div class="card"><h2>{t("recent")}</h2><table>{rows}</table></div>'
        f'<div class="card"><h2>{t("journal")}</h2><table>{lines}</table></div>'
    )
    return _page(body, title="control_title", language=language, wide=True)
