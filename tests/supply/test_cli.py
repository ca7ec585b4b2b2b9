"""`./kamao import`, from its arguments to its exit code."""

import argparse
import json

import pytest

from kamao.business.supply.models import SheetImport, SupplierOffer
from kamao.runtime import cli, importing
from kamao.runtime.commands import import_
from tests.supply.library import DATA

pytestmark = pytest.mark.django_db


def asked(*arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", default="unused")
    import_.add_arguments(parser)
    return json.dumps(vars(parser.parse_args(list(arguments))), default=str)


def run(*arguments):
    return importing.main([asked(*arguments)])


def test_the_command_is_called_import():
    assert "import" in cli.command_names()
    assert cli.load_command("import").HELP == import_.HELP


def test_a_sheet_goes_in_and_what_did_not_is_written_beside_it(supplier, tmp_path, capsys):
    file = str(DATA / "supplier-a-quote.xlsx")
    assert run("offers", file, "--supplier", supplier.display_name, "--report", str(tmp_path)) == 1
    told = capsys.readouterr().out
    assert "共 145 行：导入 140，待确认 0，未导入 2。" in told
    assert "价格是“面议”，请填写数字" in told
    assert (tmp_path / "supplier-a-quote-未导入.xlsx").read_bytes()[:2] == b"PK"
    assert SupplierOffer.objects.count() == 140
    assert run("offers", file, "--report", str(tmp_path), "--language", "en") == 1
    assert "This file was taken in before; use --again" in capsys.readouterr().out
    assert SheetImport.objects.count() == 1


def test_a_dry_run_shows_and_writes_nothing(supplier, tmp_path, capsys):
    file = str(DATA / "supplier-b-quote.csv")
    assert run("offers", file, "--dry-run", "--report", str(tmp_path), "--language", "en") == 1
    assert "122 rows: 120 taken in, 0 to be decided, 1 refused." in capsys.readouterr().out
    assert SupplierOffer.objects.count() == 0
    assert run("offers", file, "--report", str(tmp_path), "--effective-at", "2030-01-01T00:00") == 1
    assert SupplierOffer.objects.first().effective_from.isoformat() == "2029-12-31T16:00:00+00:00"


def test_what_cannot_be_done_is_said_and_ends_with_2(supplier, tmp_path, capsys):
    file = tmp_path / "s.csv"
    file.write_text("名称,供货价,代理价\n腾讯视频VIP 月卡,20,21\n", "utf-8")
    assert run("offers", str(file), "--supplier", "nobody", "--report", str(tmp_path)) == 2
    assert "供应商" in capsys.readouterr().err
    assert run("offers", str(file), "--report", str(tmp_path)) == 2
    assert "有两列都像供货价" in capsys.readouterr().err
    assert run("codes", str(file), "--offer", "A1", "--report", str(tmp_path)) == 2
    assert "没有报价 A1" in capsys.readouterr().err


def test_members_and_private_prices_of_an_old_shop(supplier, tmp_path, capsys):
    members, prices = tmp_path / "m.csv", tmp_path / "p.csv"
    members.write_text("会员账号,等级,余额\nshop1,2,10.00\n", "utf-8")
    prices.write_text("会员账号,商品名称,规格,密价,类型\nshop1,腾讯视频会员,1个月,21.5,卡密\n", "utf-8")
    assert run("members", str(members), "--report", str(tmp_path)) == 0
    assert "新增 1" in capsys.readouterr().out
    assert run("goods", str(prices), "--report", str(tmp_path)) == 0
    assert "密价 21.50" in (tmp_path / "p-报告.csv").read_text("utf-8-sig")
