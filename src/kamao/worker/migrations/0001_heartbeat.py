from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("process", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "worker_heartbeat", "default_permissions": ()},
        ),
        migrations.CreateModel(
            name="SealingKey",
            fields=[("key_id", models.CharField(max_length=80, primary_key=True, serialize=False))],
            options={"db_table": "worker_sealing_key", "default_permissions": ()},
        ),
    ]
