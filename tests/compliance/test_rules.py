"""Rules as data: sources, settings, and the identity step that follows from a cart."""

from datetime import UTC, datetime, timedelta

import pytest

from kamao.business.compliance.identity import IdentityStep, Shown, identity_step_for, require
from kamao.business.compliance.operations import RuleFixed, set_rule
from kamao.business.compliance.rules import CartLine, rule_named, rules_in_force, shipped_rules
from kamao.kernel.errors import Refusal

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def line(instrument: str = "none", **more) -> CartLine:
    values = {"sku": "s", "kind": "code", "is_game": False, "quantity": 1, "amount_minor": 1000, **more}
    return CartLine(instrument=instrument, **values)


def step(*lines: CartLine, currency: str = "CNY", **more) -> IdentityStep:
    return identity_step_for(lines, currency=currency, at=AT, **more)


def test_every_rule_has_a_source_and_both_languages():
    for rule in shipped_rules():
        assert rule.legal_ref
        assert rule.zh != rule.en
        assert any("\u4e00" <= char <= "\u9fff" for char in rule.zh)
        assert rule.zh.isprintable()
    assert {"EC-21", "CS-10", "CS-11", "PC-04", "D-ENUM", "KM-BLOCK", "KM-SMS"} <= {
        rule.id for rule in shipped_rules()
    }


@pytest.mark.parametrize(
    ("cart", "expected", "rules"),
    [
        ([line()], "none", []),
        ([line("membership")], "none", []),
        ([line("one_off_voucher")], "phone_code", ["KM-ID-PHONE"]),
        ([line("game_currency")], "phone_code", ["KM-ID-PHONE"]),
        ([line(is_game=True)], "phone_code", ["KM-ID-GAME"]),
        ([line("game_currency", is_game=True)], "phone_code", ["KM-ID-GAME", "KM-ID-PHONE"]),
        ([line(), line("single_purpose")], "phone_code", ["KM-ID-PHONE"]),
        ([line("direct_topup", kind="topup", amount_minor=500_000)], "none", []),
        ([line("direct_topup", kind="topup", amount_minor=500_100)], "member", ["CS-11-AMOUNT"]),
        ([line("single_purpose", amount_minor=999_999)], "member", ["CS-11-AMOUNT", "KM-ID-PHONE"]),
        (
            [line("single_purpose", amount_minor=1_000_000)],
            "member",
            ["CS-11-AMOUNT", "PC-04", "KM-ID-PHONE"],
        ),
        ([line("software_key", amount_minor=9_000_000)], "none", []),
    ],
)
def test_the_step_names_its_rules(cart, expected, rules):
    needed = step(*cart)
    assert needed.step == expected
    assert [decision.rule for decision in needed.why] == rules


def test_amounts_count_over_the_whole_cart_and_only_in_their_currency():
    half = line("one_off_voucher", amount_minor=260_000)
    assert step(half).step == "phone_code"
    assert step(half, half).step == "member"
    assert step(half, half, currency="USD").step == "phone_code"


def test_warning_and_tick():
    gift = step(line("one_off_voucher"))
    assert gift.warning is not None
    assert (gift.warning.rule, gift.warning.legal_ref) == ("CS-10", "反电信网络诈骗法 art 30")
    assert gift.tick is not None
    assert gift.tick.rule == "EC-21"
    assert "96110" in gift.warning.message("zh-hans")
    assert gift.tick.message("en").startswith("I confirm")
    parcel = step(line(kind="parcel"))
    assert (parcel.tick, parcel.warning) == (None, None)


def test_a_shop_may_ask_for_more_never_for_less():
    assert step(line(), shop_minimum="member").step == "member"
    assert step(line("one_off_voucher"), shop_minimum="none").step == "phone_code"


def test_require_refuses_in_the_words_of_the_rule():
    needed = step(line("one_off_voucher"))
    with pytest.raises(Refusal) as refused:
        require(needed, shown=Shown("none", ticked=True))
    assert refused.value.code == "identity_step_required"
    assert refused.value.message("zh") == "礼品卡和点卡须验证手机号后购买。"
    with pytest.raises(Refusal) as refused:
        require(needed, shown=Shown("phone_code", ticked=False))
    assert refused.value.code == "confirmation_required"
    require(needed, shown=Shown("phone_code", ticked=True))
    require(needed, shown=Shown("member", ticked=True))


def setting(rule: str, *, is_enabled: bool = True, effective_from: datetime = AT, **params: int):
    return set_rule(
        rule,
        is_enabled=is_enabled,
        params=params,
        author="operator",
        reason="test",
        effective_from=effective_from,
        at=AT,
    )


def test_the_operator_sets_policy_rules_from_a_moment_on():
    setting("KM-ID-PHONE", is_enabled=False, effective_from=AT + timedelta(hours=1))
    assert step(line("one_off_voucher")).step == "phone_code"
    late = identity_step_for([line("one_off_voucher")], currency="CNY", at=AT + timedelta(hours=1))
    assert late.step == "none"
    setting("CS-11", units_max=3)
    changed = rule_named("CS-11", at=AT)
    assert changed is not None
    assert (changed.number("units_max"), changed.number("amount_max_minor")) == (3, 500_000)


def test_hard_rules_cannot_be_softened():
    for rule in ("EC-21", "CS-10"):
        with pytest.raises(RuleFixed):
            setting(rule, is_enabled=False)
    with pytest.raises(ValueError, match="no such number"):
        setting("CS-11", speed_max=3)
    with pytest.raises(ValueError, match="no rule"):
        setting("XX-1")
    assert {rule.id for rule in rules_in_force(at=AT)} == {rule.id for rule in shipped_rules()}
