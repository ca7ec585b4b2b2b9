"""The first tables of the standard library."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AfterSalesTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=64, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(max_length=96, verbose_name="name (English)")),
                ("lines", models.JSONField(verbose_name="lines")),
            ],
            options={
                "verbose_name": "after-sales template",
                "verbose_name_plural": "after-sales templates",
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Scene",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=64, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(blank=True, max_length=96, verbose_name="name (English)")),
                ("position", models.IntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "scene",
                "verbose_name_plural": "scenes",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="TopupForm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=64, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(max_length=96, verbose_name="name (English)")),
                ("fields", models.JSONField(verbose_name="fields")),
            ],
            options={
                "verbose_name": "top-up form",
                "verbose_name_plural": "top-up forms",
                "ordering": ["slug"],
            },
        ),
        migrations.CreateModel(
            name="Brand",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=96, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(blank=True, max_length=96, verbose_name="name (English)")),
                ("colour", models.CharField(default="#4f6d8f", max_length=7, verbose_name="colour")),
                (
                    "authorised_only",
                    models.BooleanField(default=False, verbose_name="authorised sellers only"),
                ),
            ],
            options={
                "verbose_name": "brand",
                "verbose_name_plural": "brands",
                "ordering": ["slug"],
                "constraints": [
                    models.UniqueConstraint(fields=("name_zh",), name="uq_catalog_brand_name_zh")
                ],
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=64, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(blank=True, max_length=96, verbose_name="name (English)")),
                (
                    "path",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), editable=False, size=None, verbose_name="path"
                    ),
                ),
                ("position", models.IntegerField(default=0, verbose_name="position")),
                ("colour", models.CharField(default="#4f6d8f", max_length=7, verbose_name="colour")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="catalog.category",
                    ),
                ),
            ],
            options={
                "verbose_name": "category",
                "verbose_name_plural": "categories",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=96, unique=True, verbose_name="slug")),
                ("name_zh", models.CharField(max_length=160, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(blank=True, max_length=160, verbose_name="name (English)")),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=160),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="aliases",
                    ),
                ),
                ("description_zh", models.TextField(blank=True, verbose_name="description (Chinese)")),
                ("description_en", models.TextField(blank=True, verbose_name="description (English)")),
                ("picture", models.URLField(blank=True, verbose_name="picture")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("hidden", "hidden"), ("withdrawn", "withdrawn")],
                        default="active",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalog.brand",
                        verbose_name="brand",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="catalog.category",
                        verbose_name="category",
                    ),
                ),
                (
                    "scenes",
                    models.ManyToManyField(
                        blank=True, related_name="products", to="catalog.scene", verbose_name="scenes"
                    ),
                ),
            ],
            options={
                "verbose_name": "product",
                "verbose_name_plural": "products",
            },
        ),
        migrations.CreateModel(
            name="ProductRedirect",
            fields=[
                (
                    "slug",
                    models.SlugField(
                        max_length=96, primary_key=True, serialize=False, verbose_name="old slug"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[("merge", "merge"), ("split", "split")], max_length=12, verbose_name="reason"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="since")),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redirects",
                        to="catalog.product",
                        verbose_name="leads to",
                    ),
                ),
            ],
            options={
                "verbose_name": "product redirect",
                "verbose_name_plural": "product redirects",
            },
        ),
        migrations.CreateModel(
            name="SearchMiss",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(verbose_name="day")),
                ("shop_id", models.UUIDField(null=True, verbose_name="shop")),
                ("query", models.CharField(max_length=64, verbose_name="searched for")),
                ("session_digest", models.BinaryField(max_length=16)),
                ("times", models.IntegerField(default=1, verbose_name="times")),
            ],
            options={
                "verbose_name": "search without result",
                "verbose_name_plural": "searches without result",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "query", "session_digest", "shop_id"),
                        name="uq_catalog_searchmiss_day_query_session_shop",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sku",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=96, unique=True, verbose_name="SKU code")),
                ("variant_zh", models.CharField(blank=True, max_length=96, verbose_name="variant (Chinese)")),
                ("variant_en", models.CharField(blank=True, max_length=96, verbose_name="variant (English)")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("code", "code"),
                            ("topup", "top-up"),
                            ("voucher", "voucher"),
                            ("licence", "licence"),
                            ("course", "course"),
                            ("collectible", "collectible"),
                            ("parcel", "parcel"),
                            ("manual", "by hand"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "instrument",
                    models.CharField(
                        choices=[
                            ("none", "none"),
                            ("direct_topup", "direct top-up"),
                            ("one_off_voucher", "one-off voucher"),
                            ("single_purpose", "single-purpose prepaid card"),
                            ("multi_purpose", "multi-purpose prepaid card"),
                            ("game_currency", "game currency"),
                            ("esim", "eSIM or data plan"),
                            ("collectible", "digital collectible"),
                            ("software_key", "software key"),
                            ("membership", "membership"),
                        ],
                        default="none",
                        max_length=16,
                        verbose_name="instrument",
                    ),
                ),
                ("ranged", models.BooleanField(default=False, verbose_name="ranged (any amount)")),
                ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                (
                    "face_value_e4",
                    models.BigIntegerField(blank=True, null=True, verbose_name="face value (1/10 000)"),
                ),
                ("face_currency", models.CharField(blank=True, max_length=3, verbose_name="face currency")),
                ("duration_days", models.IntegerField(blank=True, null=True, verbose_name="duration (days)")),
                ("region", models.CharField(blank=True, max_length=48, verbose_name="region")),
                (
                    "official_price_e4",
                    models.BigIntegerField(blank=True, null=True, verbose_name="official price (1/10 000)"),
                ),
                (
                    "official_source",
                    models.CharField(blank=True, max_length=160, verbose_name="source of the official price"),
                ),
                ("official_on", models.DateField(blank=True, null=True, verbose_name="official price as of")),
                ("min_quantity", models.IntegerField(default=1, verbose_name="minimum quantity")),
                ("max_quantity", models.IntegerField(default=100, verbose_name="maximum quantity")),
                ("multiple", models.IntegerField(default=1, verbose_name="multiple of")),
                (
                    "person_daily_max",
                    models.IntegerField(blank=True, null=True, verbose_name="per person and day"),
                ),
                (
                    "contact_daily_max",
                    models.IntegerField(blank=True, null=True, verbose_name="per contact and day"),
                ),
                (
                    "target_daily_max",
                    models.IntegerField(blank=True, null=True, verbose_name="per target and day"),
                ),
                (
                    "promise_s",
                    models.IntegerField(
                        choices=[
                            (0, "instant"),
                            (600, "within 10 minutes"),
                            (86400, "within 24 hours"),
                            (259200, "within 72 hours"),
                        ],
                        default=0,
                        verbose_name="promise",
                    ),
                ),
                ("warranty_days", models.IntegerField(default=0, verbose_name="warranty (days)")),
                ("target_rules", models.JSONField(blank=True, default=dict, verbose_name="target rules")),
                ("notice_zh", models.TextField(blank=True, verbose_name="buy notice (Chinese)")),
                ("notice_en", models.TextField(blank=True, verbose_name="buy notice (English)")),
                ("howto_zh", models.TextField(blank=True, verbose_name="how to use (Chinese)")),
                ("howto_en", models.TextField(blank=True, verbose_name="how to use (English)")),
                ("redeem_url", models.URLField(blank=True, verbose_name="redeem address")),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "active"), ("hidden", "hidden"), ("withdrawn", "withdrawn")],
                        default="active",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "scene_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, editable=False, size=None
                    ),
                ),
                ("weight", models.IntegerField(db_default=0, default=0, verbose_name="popularity")),
                ("promise_no", models.IntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="changed"
                    ),
                ),
                (
                    "after_sales",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skus",
                        to="catalog.aftersalestemplate",
                        verbose_name="after-sales template",
                    ),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skus",
                        to="catalog.brand",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skus",
                        to="catalog.category",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skus",
                        to="catalog.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "topup_form",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skus",
                        to="catalog.topupform",
                        verbose_name="top-up form",
                    ),
                ),
            ],
            options={
                "verbose_name": "SKU",
                "verbose_name_plural": "SKUs",
            },
        ),
        migrations.CreateModel(
            name="SkuPromise",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField(verbose_name="number")),
                ("digest", models.BinaryField(max_length=32, verbose_name="SHA-256 of the content")),
                ("content", models.JSONField(verbose_name="content")),
                ("created_at", models.DateTimeField(verbose_name="since")),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="promises", to="catalog.sku"
                    ),
                ),
            ],
            options={
                "verbose_name": "SKU promise",
                "verbose_name_plural": "SKU promises",
            },
        ),
        migrations.AddIndex(
            model_name="category",
            index=django.contrib.postgres.indexes.GinIndex(fields=["path"], name="ix_catalog_category_path"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.UniqueConstraint(
                fields=("brand", "name_zh"), name="uq_catalog_product_brand_name_zh", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="skupromise",
            constraint=models.UniqueConstraint(fields=("sku", "number"), name="uq_catalog_skupromise_number"),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=models.Index(
                models.F("weight"),
                models.F("id"),
                condition=models.Q(("status", "active")),
                name="ix_catalog_sku_popular",
            ),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=models.Index(
                models.F("category"),
                models.F("weight"),
                models.F("id"),
                condition=models.Q(("status", "active")),
                name="ix_catalog_sku_category",
            ),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=models.Index(
                models.F("brand"),
                models.F("weight"),
                models.F("id"),
                condition=models.Q(("status", "active")),
                name="ix_catalog_sku_brand",
            ),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["scene_ids"], name="ix_catalog_sku_scenes"
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["code", "topup", "voucher", "licence", "course", "collectible", "parcel", "manual"],
                    )
                ),
                name="ck_catalog_sku_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("min_quantity__gte", 1),
                    ("max_quantity__gte", models.F("min_quantity")),
                    ("max_quantity__lte", 1000),
                    ("multiple__gte", 1),
                ),
                name="ck_catalog_sku_quantities",
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.CheckConstraint(
                condition=models.Q(("ranged", False), ("face_value_e4__gt", 0), _connector="OR"),
                name="ck_catalog_sku_ranged_face",
            ),
        ),
        migrations.AddConstraint(
            model_name="sku",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("official_price_e4__isnull", True), ("official_price_e4__gte", 0), _connector="OR"
                ),
                name="ck_catalog_sku_official_price",
            ),
        ),
    ]
