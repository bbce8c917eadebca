from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staking", "0006_one_index_of_job_keys")]
    operations = [
        migrations.AlterField(model_name="rankingrow", name="apr_bps", field=models.BigIntegerField(null=True))
    ]
