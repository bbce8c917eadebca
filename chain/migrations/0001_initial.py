import postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.IntegerField()),
                ("part", models.IntegerField(default=0)),
                ("account", postgres.fields.AddressField()),
                ("nonce", models.BigIntegerField()),
                ("hash", models.CharField(db_collation="C", max_length=66, unique=True)),
                ("raw", models.BinaryField()),
                ("tip", postgres.fields.WideIntegerField()),
                ("max_fee", postgres.fields.WideIntegerField()),
                ("gas", models.BigIntegerField()),
                ("head", models.BigIntegerField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["epoch", "part"], name="chain_attempt_epoch"),
                    models.Index(fields=["account", "nonce"], name="chain_attempt_nonce"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Anchor",
            fields=[
                ("epoch", models.IntegerField(primary_key=True, serialize=False)),
                ("state", models.CharField(choices=[("mined", "Mined"), ("final", "Final")], max_length=5)),
                ("transaction", models.CharField(blank=True, db_collation="C", max_length=66)),
                ("block", models.BigIntegerField()),
                ("block_hash", models.CharField(db_collation="C", max_length=66)),
                ("mined_at", models.DateTimeField()),
                ("final_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "mined")), fields=["epoch"], name="chain_anchor_mined"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("final_at", None), ("state", "mined")),
                            models.Q(("final_at__isnull", False), ("state", "final")),
                            _connector="OR",
                        ),
                        name="chain_anchor_final_at",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChainStatus",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("genesis_hash", models.CharField(blank=True, max_length=66)),
                ("settlement", postgres.fields.AddressField(blank=True)),
                ("head", models.BigIntegerField(default=0)),
                ("head_at", models.DateTimeField(null=True)),
                ("checkpoint", models.BigIntegerField(null=True)),
                ("checkpoint_hash", models.CharField(blank=True, max_length=66)),
                ("first_epoch", models.IntegerField(default=1)),
                ("last_epoch", models.IntegerField(default=0)),
                ("provable_epoch", models.IntegerField(default=0)),
                ("emitted", models.BigIntegerField(default=0)),
                ("paused", models.BooleanField(default=False)),
                ("oracle", postgres.fields.AddressField(blank=True)),
                ("balance", postgres.fields.WideIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=24)),
                ("problem_data", models.JSONField(default=dict)),
                ("problem_since", models.DateTimeField(null=True)),
                ("reorganized_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "chain status",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="chain_chainstatus_single"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("problem", ""), ("problem_since", None)),
                            ("problem_since__isnull", False),
                            _connector="OR",
                        ),
                        name="chain_chainstatus_problem",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deposit",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("wallet", postgres.fields.AddressField()),
                ("amount", models.BigIntegerField()),
                ("transaction", models.CharField(db_collation="C", max_length=66)),
                ("log_index", models.IntegerField()),
                ("block", models.BigIntegerField()),
                ("posting", models.BigIntegerField(unique=True)),
                ("credited_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["wallet", "-index"], name="chain_deposit_wallet")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("index__gte", 0)), name="chain_deposit_sane"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MirrorCursor",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("token", postgres.fields.AddressField()),
                ("block", models.BigIntegerField()),
                ("block_hash", models.CharField(max_length=66)),
                ("count", models.BigIntegerField(default=0)),
                ("lock_head", models.CharField(max_length=66)),
                ("recheck", models.BooleanField(default=False)),
                ("head_hash", models.CharField(blank=True, max_length=66)),
                ("initial_supply", models.BigIntegerField(default=0)),
                ("minted", models.BigIntegerField(default=0)),
                ("burned", models.BigIntegerField(default=0)),
                ("released", models.BigIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=24)),
                ("problem_data", models.JSONField(default=dict)),
                ("problem_since", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="chain_mirrorcursor_single"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("problem", ""), ("problem_since", None)),
                            ("problem_since__isnull", False),
                            _connector="OR",
                        ),
                        name="chain_mirrorcursor_problem",
                    ),
                ],
            },
        ),
    ]
