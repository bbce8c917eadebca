"""Answers to callers without a token are counted by the newest of them, and found without the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_answers_as_text")]

    operations = [
        migrations.AddIndex(
            "idempotencykey",
            models.Index(
                fields=["id"],
                name="identity_idempotency_nobody",
                condition=models.Q(caller__startswith="address:"),
            ),
        ),
    ]
