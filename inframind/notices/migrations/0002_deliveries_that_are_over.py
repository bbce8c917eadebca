"""Deliveries that were sent or given up are found by their age, to be forgotten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["due_at"], name="notices_delivery_over", condition=~models.Q(status="queued")),
        ),
    ]
