"""`./kamao catalogue`: one command loads a sheet, one puts a whole catalogue on sale."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from kamao.business.catalog.models import Category, Product, Sku
from kamao.business.shops.models import ListingRule, Shop
from kamao.runtime.commands import catalogue

TITLES = "index,title,developer,publisher,categories,genres\n" + "".join(
    f"{number},{title},Dev,{publisher},Single-player,{genre}\n"
    for number, title, publisher, genre in [
        (1, "Counter-Strike", "Valve", "Action"),
        (2, "Half-Life", "Valve", "Action"),
        (3, "Half-Life", "Valve", "Indie"),
        (4, "<b>Pokémon</b> =1+1", "Née;Other", "Unknown"),
        (5, "", "Nobody", "Action"),
    ]
)


def ask(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    catalogue.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def titles(tmp_path: Path) -> str:
    file = tmp_path / "titles.csv"
    file.write_text(TITLES, encoding="utf-8")
    return str(file)


def test_titles_become_a_catalogue_on_sale(db: Any, titles: str, capsys: Any) -> None:
    for attempt in range(2):
        assert catalogue._steam(ask("steam", titles, "--shop", "pcgames")) == 0, attempt
    told = capsys.readouterr().out
    assert "4 SKUs in the library (4 new)" in told
    assert "4 SKUs in the library (0 new)" in told
    assert told.count("first page of 4 read") == 2
    assert sorted(Product.objects.values_list("name_zh", flat=True)) == [
        "Counter-Strike",
        "Half-Life",
        "Half-Life #3",
        "b Pokémon /b =1+1",
    ]
    assert Category.objects.get(name_zh="动作").parent.slug == "pc-games"
    assert (Shop.objects.get().slug, ListingRule.objects.count()) == ("pcgames", 1)
    assert catalogue._search(ask("search", "counter", "strkie")) == 0
    assert "steam-1 " in capsys.readouterr().out


def test_a_sheet_is_loaded_and_its_bad_lines_are_told(db: Any, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "sheet.csv"
    file.write_text(
        "\ufeffcategory,product,kind,official_price\n视频会员,新会员,code,9.90\n视频会员,,code,1\n",
        encoding="utf-8",
    )
    assert catalogue._load(ask("load", str(file))) == 1
    said = capsys.readouterr()
    assert said.err == "line 3: 缺少品类或商品名 / category or product is missing\n"
    assert said.out.startswith("1 SKUs: 1 new, 0 changed, 1 lines refused")
    assert Sku.objects.get().official_price_e4 == 99_000


def test_a_missing_file_is_told(tmp_path: Path, capsys: Any) -> None:
    arguments = ask("load", str(tmp_path / "nothing.csv"))
    assert catalogue.run(arguments) == 2
    assert "there is no file" in capsys.readouterr().err
