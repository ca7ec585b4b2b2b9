"""The first tables of the shops."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("identity", "0003_grants_and_cache"),
    ]

    operations = [
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cell", models.SmallIntegerField(default=0, verbose_name="mode")),
                ("slug", models.SlugField(max_length=48, unique=True, verbose_name="address")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("intro", models.CharField(blank=True, max_length=200, verbose_name="introduction")),
                ("notice", models.TextField(blank=True, verbose_name="notice")),
                ("contact", models.CharField(blank=True, max_length=120, verbose_name="customer service")),
                ("colour", models.CharField(default="#d9480f", max_length=7, verbose_name="colour")),
                ("settings", models.JSONField(blank=True, default=dict, verbose_name="settings")),
                ("open", models.BooleanField(default=True, verbose_name="open")),
                ("change_no", models.IntegerField(default=0, editable=False, verbose_name="rules version")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shops",
                        to="identity.organisation",
                        verbose_name="merchant",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sub_shops",
                        to="shops.shop",
                        verbose_name="parent shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "shop",
                "verbose_name_plural": "shops",
            },
        ),
        migrations.CreateModel(
            name="Bundle",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slug", models.SlugField(max_length=64, verbose_name="address")),
                ("name_zh", models.CharField(max_length=120, verbose_name="name (Chinese)")),
                ("name_en", models.CharField(blank=True, max_length=120, verbose_name="name (English)")),
                ("intro", models.CharField(blank=True, max_length=200, verbose_name="introduction")),
                ("price_e4", models.BigIntegerField(null=True, verbose_name="fixed price")),
                ("discount_per_mille", models.IntegerField(default=0, verbose_name="discount ‰")),
                ("open", models.BooleanField(default=True, verbose_name="on sale")),
                ("position", models.IntegerField(default=0, verbose_name="position")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bundles", to="shops.shop"
                    ),
                ),
            ],
            options={
                "verbose_name": "bundle",
                "verbose_name_plural": "bundles",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="ShopTier",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=48, verbose_name="name")),
                (
                    "discount_per_mille",
                    models.IntegerField(default=500, verbose_name="share of the margin given (‰)"),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tiers", to="shops.shop"
                    ),
                ),
            ],
            options={
                "verbose_name": "sub-shop tier",
                "verbose_name_plural": "sub-shop tiers",
            },
        ),
        migrations.AddField(
            model_name="shop",
            name="tier",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shops",
                to="shops.shoptier",
                verbose_name="tier",
            ),
        ),
        migrations.CreateModel(
            name="BundleItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("quantity", models.IntegerField(default=1, verbose_name="quantity")),
                ("position", models.IntegerField(default=0, verbose_name="position")),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="shops.bundle"
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.sku"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a bundle",
                "verbose_name_plural": "parts of a bundle",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("bundle", "sku"), name="uq_shops_bundleitem_bundle_sku"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1), ("quantity__lte", 1000)),
                        name="ck_shops_bundleitem_quantity",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListingRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.UUIDField(default=kamao.kernel.ids.new_uuid7)),
                ("since_no", models.IntegerField()),
                ("until_no", models.IntegerField(null=True)),
                ("lists", models.BooleanField(default=True, verbose_name="lists")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("everything", "everything"),
                            ("category", "category"),
                            ("scene", "scene"),
                            ("supplier", "supplier"),
                            ("brand", "brand"),
                            ("sku", "SKU"),
                        ],
                        max_length=12,
                        verbose_name="scope",
                    ),
                ),
                ("scope_id", models.UUIDField(null=True, verbose_name="of")),
                ("markup_per_mille", models.IntegerField(default=0, verbose_name="markup ‰")),
                ("markup_e4", models.BigIntegerField(default=0, verbose_name="fixed markup (1/10 000)")),
                ("tier_markups", models.JSONField(default=dict, verbose_name="markups per tier")),
                (
                    "rounding",
                    models.CharField(
                        choices=[
                            ("none", "to the fen"),
                            ("tenth", "to 0.1"),
                            ("integer", "to a whole yuan"),
                            ("end_9", "to end in .9"),
                            ("end_99", "to end in .99"),
                            ("end_88", "to end in .88"),
                            ("five", "to a multiple of 5"),
                        ],
                        default="none",
                        max_length=8,
                        verbose_name="rounding",
                    ),
                ),
                ("floor_e4", models.BigIntegerField(null=True, verbose_name="floor")),
                ("ceiling_e4", models.BigIntegerField(null=True, verbose_name="ceiling")),
                (
                    "official_ceiling_per_mille",
                    models.IntegerField(null=True, verbose_name="at most ‰ of the official price"),
                ),
                ("channel_limits", models.JSONField(default=dict, verbose_name="limits per sales channel")),
                (
                    "closed_hours",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=11),
                        default=list,
                        size=None,
                        verbose_name="closed hours",
                    ),
                ),
                ("follows_new", models.BooleanField(default=True, verbose_name="lists new goods too")),
                ("goods_until", models.DateTimeField(verbose_name="goods until")),
                ("valid_from", models.DateTimeField(null=True, verbose_name="valid from")),
                ("valid_until", models.DateTimeField(null=True, verbose_name="valid until")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rules", to="shops.shop"
                    ),
                ),
            ],
            options={
                "verbose_name": "listing rule",
                "verbose_name_plural": "listing rules",
                "indexes": [models.Index(fields=["shop", "until_no"], name="ix_shops_listingrule_shop")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until_no__isnull", True)),
                        fields=("shop", "key"),
                        name="uq_shops_listingrule_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("scope__in", ["everything", "category", "scene", "supplier", "brand", "sku"])
                        ),
                        name="ck_shops_listingrule_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "everything"), ("scope_id__isnull", True)),
                            models.Q(
                                models.Q(("scope", "everything"), _negated=True), ("scope_id__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="ck_shops_listingrule_scope_id",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("floor_e4__isnull", True),
                            ("ceiling_e4__isnull", True),
                            ("ceiling_e4__gte", models.F("floor_e4")),
                            _connector="OR",
                        ),
                        name="ck_shops_listingrule_bounds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListingOverride",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("price_e4", models.BigIntegerField(null=True, verbose_name="price")),
                ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
                ("hidden", models.BooleanField(default=False, verbose_name="hidden")),
                ("position", models.IntegerField(null=True, verbose_name="position")),
                ("updated_at", models.DateTimeField(verbose_name="changed")),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.sku"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="overrides", to="shops.shop"
                    ),
                ),
            ],
            options={
                "verbose_name": "listing override",
                "verbose_name_plural": "listing overrides",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "sku"), name="uq_shops_listingoverride_shop_sku"),
                    models.CheckConstraint(
                        condition=models.Q(("price_e4__isnull", True), ("price_e4__gte", 0), _connector="OR"),
                        name="ck_shops_listingoverride_price",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ListingChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField(verbose_name="version")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("add", "added"),
                            ("edit", "edited"),
                            ("remove", "removed"),
                            ("undo", "undone"),
                        ],
                        max_length=8,
                        verbose_name="act",
                    ),
                ),
                ("undoes_no", models.IntegerField(null=True)),
                ("user_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="shops.shop"
                    ),
                ),
            ],
            options={
                "verbose_name": "change of listing rules",
                "verbose_name_plural": "changes of listing rules",
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "number"), name="uq_shops_listingchange_number")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="bundle",
            constraint=models.UniqueConstraint(fields=("shop", "slug"), name="uq_shops_bundle_shop_slug"),
        ),
        migrations.AddConstraint(
            model_name="bundle",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount_per_mille__gte", 0), ("discount_per_mille__lt", 1000)),
                name="ck_shops_bundle_discount",
            ),
        ),
        migrations.AddConstraint(
            model_name="shoptier",
            constraint=models.UniqueConstraint(fields=("shop", "name"), name="uq_shops_shoptier_shop_name"),
        ),
        migrations.AddConstraint(
            model_name="shoptier",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount_per_mille__gte", 0), ("discount_per_mille__lte", 1000)),
                name="ck_shops_shoptier_discount",
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(("cell__in", [0, 1])), name="ck_shops_shop_cell"
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("parent__isnull", True), ("tier__isnull", True)),
                    models.Q(("parent__isnull", False), ("tier__isnull", False)),
                    _connector="OR",
                ),
                name="ck_shops_shop_tier_with_parent",
            ),
        ),
    ]
