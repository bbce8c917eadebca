import django.db.models.deletion
import postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("staking", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("opened_epoch", models.IntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closes_epoch", models.IntegerField()),
                ("quorum_bps", models.IntegerField()),
                ("quorum_base", models.BigIntegerField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "slash",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dispute",
                        to="staking.slash",
                    ),
                ),
                ("operator", postgres.fields.AddressField()),
                ("reason", models.TextField()),
                ("deposit", models.BigIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("voting", "Voting"), ("upheld", "Upheld"), ("overturned", "Overturned")],
                        default="voting",
                        max_length=10,
                    ),
                ),
                ("quorum_met", models.BooleanField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DisputeEvidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="governance.dispute",
                    ),
                ),
                ("text", models.TextField()),
                ("link", models.URLField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("opened_epoch", models.IntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closes_epoch", models.IntegerField()),
                ("quorum_bps", models.IntegerField()),
                ("quorum_base", models.BigIntegerField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("proposer", postgres.fields.AddressField()),
                ("title", models.CharField(max_length=120)),
                ("body", models.TextField(blank=True)),
                ("changes", models.JSONField()),
                ("timelock_epochs", models.IntegerField()),
                ("executes_epoch", models.IntegerField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("voting", "Voting"),
                            ("passed", "Passed"),
                            ("executed", "Executed"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                        ],
                        default="voting",
                        max_length=8,
                    ),
                ),
                ("version", models.IntegerField(null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="governance.dispute",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="votes",
                        to="governance.proposal",
                    ),
                ),
                ("wallet", postgres.fields.AddressField(db_index=True)),
                ("choice", models.CharField(max_length=8)),
                ("power", models.BigIntegerField()),
                ("represented", models.BigIntegerField(default=0)),
                ("represented_wallets", models.IntegerField(default=0)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("dispute", "wallet"), name="governance_vote_dispute"),
                    models.UniqueConstraint(fields=("proposal", "wallet"), name="governance_vote_proposal"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dispute", None), ("proposal__isnull", False)),
                            models.Q(("dispute__isnull", False), ("proposal", None)),
                            _connector="OR",
                        ),
                        name="governance_vote_on_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("power__gte", 0), ("represented__gte", 0), ("represented_wallets__gte", 0)
                        ),
                        name="governance_vote_power",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Representative",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("disputes", "Disputes"), ("proposals", "Proposals")], max_length=9
                    ),
                ),
                ("representative", postgres.fields.AddressField()),
                ("from_epoch", models.IntegerField()),
                ("until_epoch", models.IntegerField(null=True)),
                ("named_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["representative", "kind"], name="governance_representative_of")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wallet", "kind", "from_epoch"), name="governance_representative_epoch"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until_epoch", None)),
                        fields=("wallet", "kind"),
                        name="governance_representative_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_epoch", None),
                            ("until_epoch__gt", models.F("from_epoch")),
                            _connector="OR",
                        ),
                        name="governance_representative_span",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("representative", models.F("wallet")), _negated=True),
                        name="governance_representative_other",
                    ),
                ],
            },
        ),
    ]
