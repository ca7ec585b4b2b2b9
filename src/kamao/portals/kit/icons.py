"""Our own line icons: the inside of a 24 × 24 SVG each, drawn for Kamao. Refuses names it does not have."""

from typing import Final

ICONS: Final[dict[str, str]] = {
    "home": '<path d="M4 11.5 12 4.5l8 7"/><path d="M6 10v9.5h12V10"/><path d="M10 19.5v-5h4v5"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "cart": '<path d="M3 4.5h2.4l2.2 11h9.8l2.1-8H6.3"/><circle cx="9" cy="19.3" r="1.2"/>'
    '<circle cx="16.4" cy="19.3" r="1.2"/>',
    "orders": '<path d="M6 3.5h12v17l-2.4-1.5-2.4 1.5-2.4-1.5-2.4 1.5L6 20.5z"/><path d="M9 8.5h6M9 12h6"/>',
    "wallet": '<rect x="3.5" y="6" width="17" height="13" rx="2.5"/><path d="M3.5 9.5h17"/>'
    '<path d="M15.5 14h2"/>',
    "goods": '<path d="m12 3.5 8 4v9l-8 4-8-4v-9z"/><path d="m4 7.5 8 4 8-4M12 11.5v9"/>',
    "list": '<path d="M9 6h11M9 12h11M9 18h11"/><circle cx="4.5" cy="6" r=".8"/>'
    '<circle cx="4.5" cy="12" r=".8"/><circle cx="4.5" cy="18" r=".8"/>',
    "tag": '<path d="M12.5 3.5h8v8l-9 9-8-8z"/><circle cx="16.3" cy="7.7" r="1.2"/>',
    "key": '<circle cx="8" cy="14.5" r="4"/><path d="m11 11.5 8.5-8M16.5 6.5l2.5 2.5M14 9l1.8 1.8"/>',
    "webhook": '<circle cx="7" cy="16.5" r="3"/><circle cx="17.5" cy="16.5" r="3"/><circle cx="12" cy="6.5" r="3"/>'
    '<path d="m10.6 9.2-3 5M14.5 16.5H10M13.6 9l3 5"/>',
    "users": '<circle cx="9" cy="8.5" r="3.2"/><path d="M3.5 19c.4-3.4 2.6-5.2 5.5-5.2s5.1 1.8 5.5 5.2"/>'
    '<path d="M15.5 5.6a3 3 0 0 1 0 5.8M17 14.2c2 .6 3.2 2.2 3.5 4.8"/>',
    "user": '<circle cx="12" cy="8" r="3.7"/><path d="M5 20c.5-4 3.2-6.2 7-6.2S18.500 16 19 20"/>',
    "chart": '<path d="M4 4v16h16"/><path d="M8 16v-4M12 16V8M16 16v-6"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h8M16 17h4"/><circle cx="15" cy="7" r="1.9"/>'
    '<circle cx="9" cy="12" r="1.9"/><circle cx="14" cy="17" r="1.9"/>',
    "upload": '<path d="M12 15.500V4.500M7.500 8.500 12 4l4.500 4.500"/><path d="M4 15.500v4h16v-4"/>',
    "download": '<path d="M12 4v11M7.500 11 12 15.500 16.500 11"/><path d="M4 15.500v4h16v-4"/>',
    "copy": '<rect x="8.500" y="8.500" width="11.500" height="11.500" rx="2.500"/>'
    '<path d="M15.500 5.500V5A1.500 1.500 0 0 0 14 3.500H5A1.500 1.500 0 0 0 3.500 5v9A1.500 1.500 0 0 0 5 15.500h.5"/>',
    "check": '<path d="m4.500 12.500 5 5 10-11"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "minus": '<path d="M5 12h14"/>',
    "right": '<path d="m9 5 7 7-7 7"/>',
    "left": '<path d="m15 5-7 7 7 7"/>',
    "down": '<path d="m5 9 7 7 7-7"/>',
    "out": '<path d="M13 4.500h6.500V11M19 5l-8.500 8.500"/><path d="M18 14.500v5H4.500V6h5"/>',
    "help": '<circle cx="12" cy="12" r="8.500"/><path d="M9.600 9.500c.1-1.500 1.100-2.400 2.500-2.400s2.500.9 2.500 2.200'
    'c0 1.900-2.500 2-2.500 4"/><path d="M12.100 16.600v.1"/>',
    "info": '<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5.500M12 7.600v.1"/>',
    "warning": '<path d="M12 4 2.800 19.500h18.400z"/><path d="M12 10v4.500M12 17v.1"/>',
    "shield": '<path d="M12 3.500c2.500 1.700 5 2.400 7.500 2.500 0 7-2 11.500-7.500 14.500C6.500 17.500 4.500 13 4.500 6 7 5.900 9.500 5.200 12 3.500z"/>'
    '<path d="m8.700 12 2.400 2.400 4.300-4.700"/>',
    "clock": '<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5.300l3.500 2"/>',
    "bolt": '<path d="M13 3 5 13.500h5.500L10 21l8.500-11H13z"/>',
    "phone": '<rect x="7" y="2.800" width="10" height="18.400" rx="2.500"/><path d="M11 18.300h2"/>',
    "chat": '<path d="M4 5h16v11.500H11L6.500 20v-3.500H4z"/><path d="M8 9.500h8M8 12.500h5"/>',
    "bell": '<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15z"/><path d="M10 20.500h4"/>',
    "link": '<path d="m10 14 4-4"/><path d="M8.500 11 6 13.500a3.200 3.200 0 0 0 4.500 4.500l2.500-2.500"/>'
    '<path d="M15.500 13 18 10.500A3.200 3.200 0 0 0 13.500 6L11 8.500"/>',
    "qr": '<rect x="4" y="4" width="6" height="6" rx="1"/><rect x="14" y="4" width="6" height="6" rx="1"/>'
    '<rect x="4" y="14" width="6" height="6" rx="1"/><path d="M14 14h2.500v2.500H14zM20 14v.1M20 20v-2.500M16.500 20v.1"/>',
    "shop": '<path d="M4.500 9.500V20h15V9.500"/><path d="M3.500 9.500 5 4h14l1.500 5.500a2.800 2.800 0 0 1-5.600 0 2.800 2.800 0 0 1-5.700 0'
    ' 2.800 2.800 0 0 1-5.700 0z"/><path d="M10 20v-5h4v5"/>',
    "truck": '<path d="M3 6h11v10.500H3zM14 9.500h4l3 3.500v3.500h-7"/><circle cx="7" cy="17.500" r="1.800"/>'
    '<circle cx="17" cy="17.500" r="1.800"/>',
    "scale": '<path d="M12 4v16M7 20h10M5 7.500l7-1.500 7 1.500"/><path d="m5 7.500-2.500 6h5zM19 7.500l-2.500 6h5z"/>',
    "undo": '<path d="M8.500 5 4 9.500 8.500 14"/><path d="M4.500 9.500H14a5.500 5.500 0 0 1 0 11h-3"/>',
    "refresh": '<path d="M19.500 12a7.500 7.500 0 1 1-2.300-5.400"/><path d="M19.500 3.500v4.300h-4.300"/>',
    "eye": '<path d="M2.500 12C5 7.700 8.200 5.500 12 5.500s7 2.200 9.500 6.500c-2.500 4.300-5.700 6.500-9.500 6.500S5 16.300 2.500 12z"/>'
    '<circle cx="12" cy="12" r="2.800"/>',
    "lock": '<rect x="5" y="10.500" width="14" height="10" rx="2.500"/><path d="M8.500 10.500V7.500a3.500 3.500 0 0 1 7 0v3"/>',
    "edit": '<path d="m5 19 .8-3.800L16 5l3 3L8.800 18.200z"/><path d="m14 7 3 3"/>',
    "trash": '<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.9 13h9.200l.9-13"/><path d="M10.500 11v5.500M13.500 11v5.500"/>',
    "filter": '<path d="M4 5.500h16l-6.200 7.300V19l-3.600-2v-4.200z"/>',
    "menu": '<path d="M4 6.500h16M4 12h16M4 17.500h16"/>',
    "more": '<circle cx="5.500" cy="12" r="1"/><circle cx="12" cy="12" r="1"/><circle cx="18.500" cy="12" r="1"/>',
    "globe": '<circle cx="12" cy="12" r="8.500"/><path d="M3.500 12h17M12 3.500c2.700 2.500 3.800 5.300 3.800 8.500s-1.100 6-3.800 8.500'
    'c-2.700-2.500-3.800-5.300-3.800-8.500s1.100-6 3.800-8.500z"/>',
    "theme": '<circle cx="12" cy="12" r="8.500"/><path d="M12 3.500v17M12 8l6-2.500M12 13l8.300-2M12 18l6.500-2.500"/>',
    "rows": '<path d="M4 5h16M4 9.700h16M4 14.300h16M4 19h16"/>',
    "book": '<path d="M12 6.500C10 5 7.500 4.500 4 4.500v14c3.500 0 6 .5 8 2 2-1.500 4.500-2 8-2v-14c-3.500 0-6 .5-8 2z"/><path d="M12 6.500v14"/>',
    "gift": '<rect x="4" y="9" width="16" height="4" rx="1"/><path d="M5.500 13v7h13v-7M12 9v11"/>'
    '<path d="M12 9C9 9 7.500 7.800 7.500 6.300 7.500 5 8.400 4.300 9.400 4.300 11 4.300 12 6.500 12 9c0-2.500 1-4.700 2.600-4.700 1 0 1.900.7 1.900 2C16.500 7.800 15 9 12 9z"/>',
    "receipt": '<path d="M6 3.500h12v17l-2.400-1.500-2.400 1.500-2.400-1.500-2.400 1.500L6 20.500z"/><path d="m9 11.500 2 2 4-4"/>',
    "pulse": '<path d="M3 12.500h4l2.500-7 4.500 13 2.500-6h4.500"/>',
    "doubt": '<circle cx="12" cy="12" r="8.500" stroke-dasharray="3 3.200"/><path d="M12 7.500v5l3 1.800"/>',
    "calendar": '<rect x="4" y="5.500" width="16" height="15" rx="2.500"/><path d="M4 10h16M8.500 3.500v4M15.500 3.500v4"/>',
    "import": '<path d="M4.500 4h9l6 6v10h-15z"/><path d="M13.500 4v6h6M12 12v5M9.700 15l2.300 2.300 2.300-2.300"/>',
    "logout": '<path d="M14 4.500H5v15h9"/><path d="M10 12h10.500M17 8.500l3.500 3.500-3.500 3.500"/>',
    "star": '<path d="m12 4 2.500 5.200 5.700.8-4.100 4 1 5.700-5.100-2.700-5.100 2.700 1-5.700-4.100-4 5.700-.8z"/>',
    "game": '<path d="M8 8h8a5 5 0 0 1 5 5v1.500a3 3 0 0 1-5.500 1.700L15 15.500H9l-.5.700A3 3 0 0 1 3 14.500V13a5 5 0 0 1 5-5z"/>'
    '<path d="M8.500 10.500v3M7 12h3M15.500 11v.1M17.500 13v.1"/>',
    "video": '<rect x="3.500" y="5.500" width="17" height="13" rx="2.500"/><path d="m10.500 9.300 4.500 2.700-4.500 2.700z"/>',
    "music": '<path d="M9 17.500V6l10-2v11.500"/><circle cx="6.700" cy="17.500" r="2.300"/><circle cx="16.700" cy="15.500" r="2.300"/>',
    "card": '<path d="m5.500 6 .8-3 4 3M18.500 6l-.8-3-4 3"/><rect x="4" y="6" width="16" height="13.500" rx="3"/><path d="M4 10h16"/>',
}


def svg(name: str, css_class: str = "") -> str:
    """Return one icon as an inline SVG that screen readers skip; KeyError for a name we have not drawn."""
    extra = f" {css_class}" if css_class else ""
    return (
        f'<svg class="icon{extra}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{ICONS[name]}</svg>'
    )
