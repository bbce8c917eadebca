"""Answers are given again byte for byte, so they are kept as text: jsonb would reorder them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]

    operations = [
        migrations.RemoveField("idempotencykey", "body"),
        migrations.AddField("idempotencykey", "body", models.TextField(default="")),
        migrations.AddIndex(
            "idempotencykey", models.Index(fields=["created_at"], name="identity_idempotency_age")
        ),
    ]
