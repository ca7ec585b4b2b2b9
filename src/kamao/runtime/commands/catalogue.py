"""`./kamao catalogue`: load library sheets, make a catalogue of full size on sale, search from the command
line.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import django

from kamao.runtime.home import Home
from kamao.runtime.offline import NoDatabase, running_database
from kamao.runtime.postgres import DatabaseUnusable

HELP = "load the standard library from a sheet, list game titles on sale in a shop, search the library"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three acts: load, steam, search."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    load = acts.add_parser(
        "load", help="load a CSV sheet into the library (default: the package's own catalogue)"
    )
    load.add_argument(
        "file", type=Path, nargs="?", help="UTF-8 CSV with at least the columns category, product, kind"
    )
    steam = acts.add_parser("steam", help="make a catalogue of game titles with offers, on sale in a shop")
    steam.add_argument("file", type=Path, help="CSV of the Steam Store Games data set")
    steam.add_argument(
        "--shop", required=True, metavar="SLUG", help="the shop that lists them; made if there is none"
    )
    search = acts.add_parser("search", help="what a query finds, with the time it takes")
    search.add_argument("query", nargs="+")


def run(args: argparse.Namespace) -> int:
    """Do one act against the home's database, whether the node is up or down."""
    if getattr(args, "file", None) is not None and not args.file.is_file():
        print(f"kamao: there is no file {args.file}.", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
    try:
        with running_database(Home(args.home)):
            django.setup()
            return {"load": _load, "steam": _steam, "search": _search}[args.act](args)
    except (NoDatabase, DatabaseUnusable) as error:
        print(f"kamao: {error}", file=sys.stderr)
        return 2


def _load(args: argparse.Namespace) -> int:
    from kamao.business.catalog.loading import load_rows
    from kamao.business.catalog.rows import parse_rows, read_csv
    from kamao.business.catalog.templates import CATALOGUE

    began = time.perf_counter()
    rows, refused = parse_rows(read_csv(args.file or CATALOGUE))
    for refusal in refused:
        print(f"line {refusal.line}: {refusal.zh} / {refusal.en}", file=sys.stderr)
    report = load_rows(rows, at=datetime.now(UTC))
    if report.unknown_forms:
        print(f"unknown top-up forms, left empty: {', '.join(report.unknown_forms)}", file=sys.stderr)
    print(
        f"{len(report.skus)} SKUs: {report.created} new, {report.changed} changed,"
        f" {len(refused)} lines refused, {time.perf_counter() - began:.1f} s"
    )
    return 1 if refused else 0


def _steam(args: argparse.Namespace) -> int:
    from kamao.business.catalog.loading import load_rows
    from kamao.business.catalog.rows import read_csv
    from kamao.business.catalog.steam import steam_rows
    from kamao.business.identity import audit
    from kamao.business.identity.models import Organisation
    from kamao.business.identity.operations import register_organisation
    from kamao.business.shops.listing_rules import RuleDraft, add_rules, rules_of
    from kamao.business.shops.models import Shop
    from kamao.business.shops.operations import open_shop
    from kamao.business.shops.pages import shop_page
    from kamao.business.supply.offers import OfferDraft, put_supplier_offers

    began, at = time.perf_counter(), datetime.now(UTC)
    rows = steam_rows(read_csv(args.file))
    report = load_rows(rows, at=at)
    print(
        f"{len(report.skus)} SKUs in the library ({report.created} new), {time.perf_counter() - began:.1f} s"
    )

    def party(kind: str, name: str) -> Organisation:
        known = Organisation.objects.filter(kind=kind, legal_name=name).first()
        return known or register_organisation(
            kind=kind, legal_name=name, display_name=name, actor=audit.SYSTEM, at=at
        )

    shop = Shop.objects.select_related("organisation").filter(slug=args.shop).first()
    if shop is None:
        shop = open_shop(
            party("merchant", "PC 游戏店"), slug=args.shop, name="PC 游戏店", actor=audit.SYSTEM, at=at
        )
    supplier: UUID = party("supplier", "PC 游戏供货").id
    outcomes = put_supplier_offers(
        supplier,
        [
            OfferDraft(sku=sku, unit_price_e4=row.supply_price_e4)
            for sku, row in zip(report.skus, rows, strict=True)
        ],
        at=at,
        livemode=shop.cell == 0,
    )
    offered = sum(outcome.code == "done" for outcome in outcomes)
    print(f"{offered} offers, {time.perf_counter() - began:.1f} s")
    listed = time.perf_counter()
    if not any(rule.scope == "supplier" and rule.scope_id == supplier for rule in rules_of(shop)):
        draft = RuleDraft(scope="supplier", scope_id=supplier, markup_per_mille=80, rounding="end_9")
        add_rules(shop, [draft], actor=audit.SYSTEM, at=at)
    page = shop_page(shop, at=datetime.now(UTC))
    print(
        f"listed in /s/{shop.slug}/ and first page of {len(page.listings)} read in"
        f" {time.perf_counter() - listed:.3f} s; {time.perf_counter() - began:.1f} s in all"
    )
    return 0 if offered == len(rows) and page.listings else 1


def _search(args: argparse.Namespace) -> int:
    from kamao.business.catalog.search import find_skus
    from kamao.business.shops.goods import read_goods

    query = " ".join(args.query)
    find_skus(query, limit=20)
    began = time.perf_counter()
    hits = find_skus(query, limit=20)
    elapsed_ms = (time.perf_counter() - began) * 1000
    goods = read_goods([hit.sku_id for hit in hits])
    for hit in hits:
        print(f"{hit.step}  {goods[hit.sku_id].code:<40} {goods[hit.sku_id].name('zh')}")
    print(f"{len(hits)} found in {elapsed_ms:.1f} ms")
    return 0
