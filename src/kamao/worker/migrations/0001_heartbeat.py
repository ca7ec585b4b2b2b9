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
    ]
