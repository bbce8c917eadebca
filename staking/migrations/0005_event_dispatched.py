from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staking", "0004_open_partition")]
    operations = [
        migrations.AddField(
            model_name="event",
            name="dispatched",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(dispatched=False), fields=["id"], name="staking_event_waiting"
            ),
        ),
    ]
