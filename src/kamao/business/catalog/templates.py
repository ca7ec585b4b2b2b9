"""What the package brings along as data: top-up forms, after-sales templates, texts, category and scene
names.

Owns the files in ``data/``. ``ensure_templates`` writes them once; rows that an operator changed are left
alone.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from kamao.business.catalog.models import AfterSalesTemplate, Category, Scene, TopupForm
from kamao.business.catalog.topup import parse_form
from kamao.kernel.ids import new_uuid7

DATA: Final = Path(__file__).parent / "data"
CATALOGUE: Final = DATA / "catalogue.csv"


class Texts(msgspec.Struct, frozen=True):
    """Buy notice and how-to-use steps of a kind of goods; a step per line."""

    notice_zh: str = ""
    notice_en: str = ""
    howto_zh: str = ""
    howto_en: str = ""


def _read(name: str) -> Any:
    return msgspec.json.decode((DATA / name).read_bytes())


@lru_cache(maxsize=1)
def texts() -> dict[str, Texts]:
    """Return the texts by their key."""
    return msgspec.convert(_read("texts.json"), dict[str, Texts])


def ensure_templates() -> None:
    """Create forms, after-sales templates, categories and scenes that are missing, by slug."""
    forms = []
    for data in _read("topup_forms.json"):
        parse_form(data)
        forms.append(
            TopupForm(
                slug=data["slug"], name_zh=data["name_zh"], name_en=data["name_en"], fields=data["fields"]
            )
        )
    TopupForm.objects.bulk_create(forms, ignore_conflicts=True)
    AfterSalesTemplate.objects.bulk_create(
        [AfterSalesTemplate(**data) for data in _read("after_sales.json")], ignore_conflicts=True
    )
    Scene.objects.bulk_create([Scene(**data) for data in _read("scenes.json")], ignore_conflicts=True)
    known = set(Category.objects.values_list("name_zh", flat=True)) | set(
        Category.objects.values_list("slug", flat=True)
    )
    missing = []
    for data in _read("categories.json"):
        if data["name_zh"] not in known and data["slug"] not in known:
            key = new_uuid7()
            missing.append(Category(id=key, path=[key], **data))
    Category.objects.bulk_create(missing)


def form_of(row: TopupForm) -> dict[str, Any]:
    """Return a stored form in the shape that ``parse_form`` reads."""
    return {"slug": row.slug, "name_zh": row.name_zh, "name_en": row.name_en, "fields": row.fields}
