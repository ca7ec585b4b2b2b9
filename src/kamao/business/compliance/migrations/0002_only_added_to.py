"""Rows of evidence are only added to: the running node may not change or remove them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial"), ("identity", "0003_grants_and_cache")]

    operations = [
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON compliance_decision, compliance_rule_setting FROM kamao_app",
            migrations.RunSQL.noop,
        ),
    ]
