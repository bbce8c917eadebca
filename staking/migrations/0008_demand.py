from django.db import migrations, models

# What was recorded before it was counted.
COUNT = """
INSERT INTO staking_demand (epoch, region, jobs)
SELECT epoch, region, count(*) FROM staking_receipt WHERE outcome <> 2 GROUP BY epoch, region
"""


class Migration(migrations.Migration):
    dependencies = [("staking", "0007_wide_apr")]
    operations = [
        migrations.CreateModel(
            name="Demand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.IntegerField(db_index=True)),
                ("region", models.CharField(db_collation="C", max_length=32)),
                ("jobs", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(name="staking_demand_counted", condition=models.Q(jobs__gt=0))
                ]
            },
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
