"""The newest events of a kind are found without reading the log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staking", "0010_no_second_index_of_nodes")]

    operations = [
        migrations.AddIndex("event", models.Index(fields=["kind", "id"], name="staking_event_kind")),
    ]
