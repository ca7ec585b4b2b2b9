"""Retail prices: markup, rounding, limits, overrides, tiers, and what they say about themselves."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamao.business.shops.terms import (
    ROUNDINGS,
    Ask,
    Goods,
    Limits,
    Rule,
    TierMarkup,
    applies,
    is_closed,
    order_rules,
    parse_hours,
    retail_price,
    round_up,
    tier_price,
    winning_rule,
)

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
A, B, C, D = (UUID(int=number) for number in (1, 2, 3, 4))


def rule(**fields: Any) -> Rule:
    return Rule(**{"key": A, "since_no": 1, "scope": "everything", "goods_until": AT, **fields})


def price(
    cost: int = 145_000,
    *,
    official: int | None = None,
    ranged: bool = False,
    override: int | None = None,
    control: Limits = Limits(),
    channel: str = "shop",
    **fields: Any,
) -> Any:
    return retail_price(
        Ask(
            cost_e4=cost,
            rule=rule(**fields),
            official_price_e4=official,
            ranged=ranged,
            override_e4=override,
            control=control,
            sales_channel=channel,
        )
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 145_000),
        ({"markup_per_mille": 30}, 149_400),
        ({"markup_per_mille": 30, "rounding": "tenth"}, 150_000),
        ({"markup_per_mille": 100, "rounding": "integer"}, 160_000),
        ({"markup_per_mille": 100, "rounding": "end_9"}, 169_000),
        ({"markup_per_mille": 100, "rounding": "end_99"}, 159_900),
        ({"markup_per_mille": 100, "rounding": "end_88"}, 168_800),
        ({"markup_per_mille": 100, "rounding": "five"}, 200_000),
        ({"markup_e4": 5_000}, 150_000),
        ({"markup_per_mille": 100, "markup_e4": 2_500}, 162_000),
        ({"floor_e4": 200_000}, 200_000),
        ({"markup_per_mille": 1000, "ceiling_e4": 250_000}, 250_000),
        ({"markup_per_mille": -100}, 130_500),
        ({"markup_per_mille": 1000, "official_ceiling_per_mille": 950, "official": 200_000}, 190_000),
        ({"markup_per_mille": 1000, "official_ceiling_per_mille": 933, "official": 100_100}, 93_300),
        ({"control": Limits(180_000, None)}, 180_000),
        ({"markup_per_mille": 500, "control": Limits(None, 199_000)}, 199_000),
        ({"control": Limits(300_000, 200_000)}, 300_000),
        ({"override": 99_000}, 99_000),
        ({"override": 99_000, "control": Limits(120_000, None)}, 120_000),
        ({"channel_limits": {"taobao": Limits(170_000, None)}, "channel": "taobao"}, 170_000),
        ({"channel_limits": {"taobao": Limits(170_000, None)}, "channel": "shop"}, 145_000),
        ({"cost": 9_655, "markup_per_mille": 10, "ranged": True, "rounding": "end_9"}, 9_752),
        ({"cost": 9_655, "markup_per_mille": 10}, 9_800),
    ],
)
def test_retail_price(fields: dict[str, Any], expected: int) -> None:
    assert price(**fields).unit_price_e4 == expected


def test_a_price_explains_itself() -> None:
    told = price(
        145_000, markup_per_mille=30, markup_e4=1_000, rounding="end_9", control=Limits(160_000, None)
    )
    assert [(step.code, step.unit_price_e4) for step in told.steps] == [
        ("cost", 145_000), ("markup", 150_350), ("rounding", 159_000), ("control_floor", 160_000),
    ]  # fmt: skip
    assert [step.zh for step in told.steps] == [
        "我的进价",
        "加价 3% + 0.10",
        "取整：以 .9 结尾",
        "控价下限 16.00",
    ]
    assert told.steps[3].en == "resale control floor 16.00"
    assert (told.limited, told.loses) == (True, False)


def test_a_price_below_cost_says_so() -> None:
    assert price(145_000, ceiling_e4=140_000).loses
    assert not price(145_000, ceiling_e4=145_000).loses


@pytest.mark.parametrize("rounding", sorted(ROUNDINGS))
@given(value=st.integers(0, 10**9))
def test_rounding_never_goes_down_and_stays_within_a_step(rounding: str, value: int) -> None:
    step, ending = ROUNDINGS[rounding]
    rounded = round_up(value, rounding)
    assert value <= rounded < value + step
    assert rounded % step == ending


@given(
    low=st.integers(1, 10**7),
    more=st.integers(0, 10**7),
    per_mille=st.integers(-500, 3000),
    plus=st.integers(-1000, 10**5),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
)
def test_a_dearer_cost_never_makes_a_cheaper_price(
    low: int, more: int, per_mille: int, plus: int, rounding: str
) -> None:
    fields = {"markup_per_mille": per_mille, "markup_e4": plus, "rounding": rounding}
    assert price(low, **fields).unit_price_e4 <= price(low + more, **fields).unit_price_e4


def test_the_more_specific_rule_wins_then_the_newest() -> None:
    goods = Goods(
        id=A, categories=(B, C), brand=D, scenes=frozenset({D}), suppliers=frozenset({D}), created_at=AT
    )
    everything, category, deeper = (
        rule(key=A),
        rule(key=B, scope="category", scope_id=B, depth=1),
        rule(key=C, scope="category", scope_id=C, depth=2),
    )
    brand, newer = rule(key=D, scope="brand", scope_id=D), rule(key=B, since_no=9)
    assert winning_rule(order_rules([everything, category, deeper]), goods, AT) == deeper
    assert winning_rule(order_rules([deeper, brand]), goods, AT) == brand
    assert winning_rule(order_rules([everything, newer]), goods, AT) == newer
    assert winning_rule(order_rules([rule(scope="sku", scope_id=B)]), goods, AT) is None


def test_validity_and_new_goods() -> None:
    goods = Goods(id=A, categories=(), brand=None, scenes=frozenset(), suppliers=frozenset(), created_at=AT)
    later = datetime(2026, 3, 3, tzinfo=UTC)
    assert not applies(rule(valid_from=later), goods, AT)
    assert not applies(rule(valid_until=AT), goods, AT)
    assert applies(rule(valid_until=later), goods, AT)
    assert applies(rule(follows_new=False, goods_until=AT), goods, AT)
    assert not applies(rule(follows_new=False, goods_until=datetime(2026, 3, 1, tzinfo=UTC)), goods, AT)


@pytest.mark.parametrize(
    ("hours", "hour", "closed"),
    [
        ("23:00-07:00", 23, True),
        ("23:00-07:00", 3, True),
        ("23:00-07:00", 7, False),
        ("23:00-07:00", 12, False),
        ("09:00-12:00", 9, True),
        ("09:00-12:00", 12, False),
        ("00:00-06:00", 0, True),
    ],
)
def test_prohibited_hours_may_cross_midnight(hours: str, hour: int, closed: bool) -> None:
    assert is_closed(rule(closed_hours=(hours,)), datetime(2026, 3, 2, hour)) is closed  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "23:00", "25:00-07:00", "x-y", "07:00-07:00", "07:00"])
def test_malformed_hours_are_none(text: str) -> None:
    assert parse_hours(text) is None


def test_tier_price_by_share_by_own_markup_and_never_below_cost() -> None:
    ask = Ask(cost_e4=100_000, rule=rule(markup_per_mille=200))
    assert tier_price(ask, tier=B, margin_share_per_mille=500) == 110_000
    own = Ask(
        cost_e4=100_000, rule=rule(markup_per_mille=200, tier_markups={B: TierMarkup(per_mille=35, e4=0)})
    )
    assert tier_price(own, tier=B, margin_share_per_mille=500) == 103_500
    assert tier_price(own, tier=C, margin_share_per_mille=0) == 120_000
    losing = Ask(cost_e4=100_000, rule=rule(markup_per_mille=-200))
    assert tier_price(losing, tier=B, margin_share_per_mille=1000) == 100_000
