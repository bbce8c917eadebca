from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staking", "0008_demand")]
    operations = [
        migrations.AddField(
            model_name="network",
            name="audited",
            field=models.IntegerField(db_default=0, default=0),
        )
    ]
