"""The normal form and the lexemes that search compares."""

import pytest

from kamao.business.catalog import text

KNOWN = text.Characters(
    simplified={"騰": "腾", "訊": "讯"},
    pinyin={"腾": "teng", "讯": "xun", "视": "shi", "频": "pin", "月": "yue", "卡": "ka"},
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [("ＶＩＰ　１００", "vip 100"), ("Pokémon\u200b  GO", "pokemon go"), ("ß", "ss"), ("\ufeffＱ币", "q币")],
)
def test_one_normal_form(written: str, folded: str) -> None:
    assert text.fold(written) == folded


def test_traditional_is_simplified() -> None:
    assert text.simplify("騰訊", KNOWN) == "腾讯"


def test_units_part_letters_digits_and_characters() -> None:
    assert text.units("腾讯视频vip 100q币 assassin's") == [
        "腾",
        "讯",
        "视",
        "频",
        "vip",
        "100",
        "q",
        "币",
        "assassins",
    ]


def test_lexemes_of_a_mixed_name() -> None:
    name = "腾讯vip月卡"
    lexemes = text.lexemes_of(name, [text.sounds_of(name, KNOWN)])
    assert {
        "h.腾讯",
        "h.月卡",
        "w.vip",
        "p.tengxunvipyueka",
        "p.vipyueka",
        "i.txvipyk",
        "i.txyk",
        "h.月",
    } <= lexemes
    assert "h.讯月" not in lexemes


def test_confused_sounds_fold_alike() -> None:
    assert text.fold_pinyin("shiping") == text.fold_pinyin("sipin") == "sipin"


@pytest.mark.parametrize("typed", ["stem", "steaam", "staem", "steem"])
def test_one_typing_error_shares_a_deletion(typed: str) -> None:
    assert set(text.deletions("steam")) & set(text.deletions(typed))


def test_synonyms_are_spelt_out() -> None:
    assert "腾讯视频会员 月卡" in text.variants("腾讯视频vip 月卡")
    assert "腾讯视频vip 1个月" in text.variants("腾讯视频vip 月卡")
