"""Top-up targets: what is accepted, how it is normalised, and why the rest is refused."""

import pytest

from kamao.business.catalog.topup import (
    Choice,
    Form,
    FormField,
    TargetRules,
    check_target,
    parse_form,
    target_key,
)

PHONE = Form(
    slug="phone", name_zh="手机号", name_en="Mobile number",
    fields=(FormField(key="phone", validator="mobile", label_zh="手机号", label_en="mobile number"),),
)  # fmt: skip
GENSHIN = Form(
    slug="game-genshin", name_zh="原神", name_en="Genshin",
    fields=(
        FormField(
            key="server", validator="choice", label_zh="服务器", label_en="server",
            choices=(Choice("cn", "天空岛", "Celestia"), Choice("bili", "世界树", "Irminsul")),
        ),
        FormField(
            key="game_id", validator="game_id", label_zh="UID", label_en="UID", pattern=r"[1-9]\d{8,9}",
            prefix_of={"1": "cn", "2": "cn", "5": "bili"},
        ),
    ),
)  # fmt: skip


def one(validator: str, value: str) -> tuple[dict[str, str], list[str]]:
    form = Form("f", "f", "f", (FormField(key="v", validator=validator, label_zh="值", label_en="value"),))
    check = check_target(form, {"v": value})
    return check.target, [error.code for error in check.errors]


@pytest.mark.parametrize(
    ("typed", "number", "carrier"),
    [
        ("138 0013 8000", "13800138000", "mobile"), ("+8613800138000", "13800138000", "mobile"),
        ("１８６１２３４５６７８", "18612345678", "unicom"), ("192-0000-0001", "19200000001", "broadnet"),
        ("17001234567", "17001234567", "telecom"), ("13491234567", "13491234567", "telecom"),
        ("17091234567", "17091234567", "unicom"), ("008619912345678", "19912345678", "telecom"),
    ],
)  # fmt: skip
def test_mobile_number_and_carrier(typed: str, number: str, carrier: str) -> None:
    check = check_target(PHONE, {"phone": typed})
    assert check.errors == ()
    assert check.target == {"phone": number}
    assert check.facts["carrier"] == carrier


@pytest.mark.parametrize(
    ("typed", "code"),
    [("1380013800", "mobile_malformed"), ("12800138000", "mobile_malformed"), ("", "required"),
     ("14100138000", "mobile_unassigned"), ("1" * 200, "too_long"), ("<script>", "mobile_malformed")],
)  # fmt: skip
def test_mobile_number_refused(typed: str, code: str) -> None:
    check = check_target(PHONE, {"phone": typed})
    assert [error.code for error in check.errors] == [code]
    assert check.target == {}


def test_carrier_of_the_item_unless_ported() -> None:
    rules = TargetRules(carriers=("mobile",))
    wrong = check_target(PHONE, {"phone": "18612345678"}, rules=rules)
    assert [error.code for error in wrong.errors] == ["carrier_mismatch"]
    assert "中国联通" in wrong.errors[0].zh
    assert "China Unicom" in wrong.errors[0].en
    assert check_target(PHONE, {"phone": "18612345678", "ported": "yes"}, rules=rules).target == {
        "phone": "18612345678"
    }


@pytest.mark.parametrize(
    ("validator", "typed", "value"),
    [
        ("qq", " 10001 ", "10001"),
        ("email", "A.B@Example.COM", "a.b@example.com"),
        ("account", "wx_abc-1", "wx_abc-1"),
        ("meter", "12345 67890", "1234567890"),
        ("text", "张 三", "张 三"),
    ],
)
def test_other_targets_are_normalised(validator: str, typed: str, value: str) -> None:
    assert one(validator, typed) == ({"v": value}, [])


@pytest.mark.parametrize(
    ("validator", "typed", "code"),
    [
        ("qq", "01234", "qq_malformed"),
        ("qq", "123456789012", "qq_malformed"),
        ("email", "a@b", "email_malformed"),
        ("account", "a b", "account_malformed"),
        ("meter", "12345", "meter_malformed"),
        ("text", "<b>", "text_malformed"),
    ],
)
def test_other_targets_are_refused(validator: str, typed: str, code: str) -> None:
    assert one(validator, typed) == ({}, [code])


def test_game_id_belongs_to_its_server() -> None:
    assert check_target(GENSHIN, {"server": "天空岛", "game_id": "123456789"}).target == {
        "server": "cn", "game_id": "123456789",
    }  # fmt: skip
    wrong = check_target(GENSHIN, {"server": "cn", "game_id": "523456789"})
    assert [error.code for error in wrong.errors] == ["game_server_mismatch"]
    assert [e.code for e in check_target(GENSHIN, {"server": "cn", "game_id": "923456789"}).errors] == [
        "game_id_region"
    ]


def test_choices_cascade() -> None:
    form = Form(
        "f",
        "f",
        "f",
        (
            FormField(
                "system",
                "choice",
                "系统",
                "system",
                choices=(Choice("ios", "苹果", "iOS"), Choice("android", "安卓", "Android")),
            ),
            FormField(
                "area",
                "choice",
                "大区",
                "area",
                parent="system",
                choices=(Choice("1", "一区", "One", ("ios",)), Choice("2", "二区", "Two", ("android",))),
            ),
        ),
    )
    assert check_target(form, {"system": "安卓", "area": "二区"}).target == {"system": "android", "area": "2"}
    assert [e.code for e in check_target(form, {"system": "ios", "area": "2"}).errors] == ["choice_unknown"]


def test_unknown_fields_are_refused() -> None:
    check = check_target(PHONE, {"phone": "13800138000", "price": "0"})
    assert [(error.field, error.code) for error in check.errors] == [("price", "unknown_field")]


def test_forms_are_checked_when_loaded() -> None:
    bad = {"slug": "x", "name_zh": "x", "name_en": "x",
           "fields": [{"key": "a", "validator": "shell", "label_zh": "a", "label_en": "a"}]}  # fmt: skip
    with pytest.raises(ValueError, match="unknown validator"):
        parse_form(bad)


def test_equal_targets_have_equal_keys() -> None:
    left = check_target(PHONE, {"phone": "138 0013 8000"}).target
    right = check_target(PHONE, {"phone": "+86 13800138000"}).target
    assert target_key(PHONE, left) == target_key(PHONE, right) == "phone|phone=13800138000"
