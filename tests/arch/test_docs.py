"""Documentation says what is true: commands and settings exist, both readmes tell the same, links lead
somewhere.
"""

import re
from pathlib import Path

import pytest

from kamao.runtime.cli import command_names
from kamao.runtime.home import CHECKOUT
from kamao.runtime.settings_table import INTERNAL, SETTINGS

PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
READ_FROM_ENVIRONMENT = re.compile(
    r"(?:environ(?:\.get|\.setdefault)?[(\[]\s*\"|\$\{?|own\[\")(KAMAO_[A-Z_]+)"
)


def commands_in(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return set(re.findall(r"\./kamao ([a-z][a-z-]*)", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_command_exists(page: Path):
    assert commands_in(page) <= set(command_names())


def test_both_readmes_show_the_same():
    english, chinese = CHECKOUT / "README.md", CHECKOUT / "README.zh-CN.md"
    assert commands_in(english) == commands_in(chinese)
    headings = [
        len(re.findall(r"^## ", page.read_text(encoding="utf-8"), re.MULTILINE))
        for page in (english, chinese)
    ]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path):
    targets = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_every_setting_is_documented():
    sources = [*CHECKOUT.glob("src/**/*.py"), *CHECKOUT.glob("tools/**/*.py"), CHECKOUT / "kamao"]
    read = {
        name for path in sources for name in READ_FROM_ENVIRONMENT.findall(path.read_text(encoding="utf-8"))
    }
    documented = {setting.name for setting in SETTINGS}
    assert read - documented - INTERNAL - {"KAMAO_KEY"} == set()
    assert documented <= read
