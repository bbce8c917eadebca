import django.db.models.deletion
from django.db import migrations, models


def plain(related_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="staking.node",
    )


class Migration(migrations.Migration):
    """Each of these has an index that begins with its node; every act on a position paid for the second one."""

    dependencies = [("staking", "0009_audited")]
    operations = [
        migrations.AlterField("bucket", "node", plain("buckets")),
        migrations.AlterField("sharechange", "node", plain("share_changes")),
        migrations.AlterField("slash", "node", plain("slashes")),
        migrations.AlterField("stakecheckpoint", "node", plain("+")),
        migrations.AlterField("voidgeneration", "node", plain("void_generations")),
    ]
