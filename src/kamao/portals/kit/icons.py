"""Our own line icons, drawn for Kamao: the groups of ``icons.svg``, 24 × 24 each. Refuses names it does not
have.
"""

import re
from pathlib import Path
from typing import Final

_SHEET: Final = Path(__file__).with_name("icons.svg").read_text(encoding="utf-8")
ICONS: Final[dict[str, str]] = dict(re.findall(r'^<g id="([a-z]+)">(.*)</g>$', _SHEET, re.MULTILINE))
"""Name to the inside of its SVG."""


def svg(name: str, css_class: str = "") -> str:
    """Return one icon as an inline SVG that screen readers skip; KeyError for a name we have not drawn."""
    extra = f" {css_class}" if css_class else ""
    hidden = 'aria-hidden="true" focusable="false"'
    return f'<svg class="icon{extra}" viewBox="0 0 24 24" {hidden}>{ICONS[name]}</svg>'
