"""Versioned snapshots of what is promised about a SKU; an order keeps the id of the one it was bought under.

A snapshot is content with its SHA-256; the same content makes no new version. Refuses to change a stored one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection

from kamao.business.catalog import bulk
from kamao.kernel.ids import new_uuid7

_ENCODER: Final = msgspec.json.Encoder(order="sorted")

_READ: Final = """
SELECT s.id, s.promise_no, d.digest, jsonb_build_object(
    'sku', s.code, 'product_zh', p.name_zh, 'product_en', p.name_en, 'variant_zh', s.variant_zh,
    'variant_en', s.variant_en, 'kind', s.kind, 'instrument', s.instrument, 'ranged', s.ranged,
    'currency', s.currency, 'face_value_e4', s.face_value_e4, 'face_currency', s.face_currency,
    'duration_days', s.duration_days, 'region', s.region, 'promise_s', s.promise_s,
    'warranty_days', s.warranty_days, 'after_sales', a.slug, 'after_sales_lines', a.lines,
    'topup_form', t.slug, 'notice_zh', s.notice_zh, 'notice_en', s.notice_en, 'howto_zh', s.howto_zh,
    'howto_en', s.howto_en, 'redeem_url', s.redeem_url)::text
FROM catalog_sku s JOIN catalog_product p ON p.id = s.product_id
LEFT JOIN catalog_aftersalestemplate a ON a.id = s.after_sales_id
LEFT JOIN catalog_topupform t ON t.id = s.topup_form_id
LEFT JOIN catalog_skupromise d ON d.sku_id = s.id AND d.number = s.promise_no
WHERE s.id = ANY(%s::uuid[])
"""


def digest_of(content: dict[str, Any]) -> bytes:
    """Return the SHA-256 of a snapshot's canonical JSON (keys sorted, no blanks)."""
    return hashlib.sha256(_ENCODER.encode(content)).digest()


def snapshot_promises(sku_ids: Sequence[UUID], *, at: datetime) -> int:
    """Store a new version for every SKU whose promise differs from its last one; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(sku_ids)])
        rows = cursor.fetchall()
    fresh = []
    renumbered = []
    for sku_id, number, known, content in rows:
        digest = digest_of(msgspec.json.decode(content))
        if known is not None and bytes(known) == digest:
            continue
        # A SKU that was just loaded already names its first snapshot: that saves rewriting every new row.
        following = number if known is None and number else number + 1
        fresh.append((new_uuid7(), sku_id, following, digest, content, at))
        if following != number:
            renumbered.append((sku_id, following))
    bulk.upsert_rows(
        "catalog_skupromise",
        ("id", "sku_id", "number", "digest", "content", "created_at"),
        fresh,
        key=("id",),
    )
    if renumbered:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_sku s SET promise_no = t.number "
                "FROM unnest(%s::uuid[], %s::integer[]) AS t (id, number) WHERE s.id = t.id",
                [[row[0] for row in renumbered], [row[1] for row in renumbered]],
            )
    return len(fresh)


def promise_content(promise_id: UUID) -> dict[str, Any] | None:
    """Return what was promised under an id, None where there is no such snapshot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT content::text FROM catalog_skupromise WHERE id = %s", [promise_id])
        row = cursor.fetchone()
    if row is None:
        return None
    content: dict[str, Any] = msgspec.json.decode(row[0])
    return content
