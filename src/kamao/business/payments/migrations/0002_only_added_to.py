"""Rows of evidence are only added to: the running node may not change or remove them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("identity", "0003_grants_and_cache")]

    operations = [
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON payment_call FROM kamao_app", migrations.RunSQL.noop
        ),
    ]
