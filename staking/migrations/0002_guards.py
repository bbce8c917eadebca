from pathlib import Path

from django.db import migrations, models

GUARDS = (Path(__file__).parent / "guards.sql").read_text()

UNDO = """
DROP TABLE staking_receipt;
DROP SEQUENCE staking_receipt_seq;
DROP FUNCTION staking_open_partition(integer);
DROP FUNCTION staking_lock_epoch();
DROP FUNCTION staking_keep_settled() CASCADE;
DROP FUNCTION staking_note_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("staking", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(GUARDS, UNDO)],
            state_operations=[
                migrations.CreateModel(
                    name="Receipt",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "epoch", "seq", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("epoch", models.IntegerField()),
                        ("seq", models.BigIntegerField()),
                        ("node_id", models.IntegerField()),
                        (
                            "outcome",
                            models.SmallIntegerField(
                                choices=[
                                    (0, "Completed"),
                                    (1, "Timeout"),
                                    (2, "Rejected"),
                                    (3, "Dropped"),
                                    (4, "Schema Mismatch"),
                                ]
                            ),
                        ),
                        (
                            "proof",
                            models.SmallIntegerField(
                                choices=[
                                    (0, "Valid"),
                                    (1, "Unchecked"),
                                    (2, "Missing"),
                                    (3, "Invalid"),
                                    (4, "Forged"),
                                ]
                            ),
                        ),
                        ("good", models.BooleanField()),
                        ("latency_ms", models.BigIntegerField()),
                        ("deadline_ms", models.BigIntegerField()),
                        ("credits", models.BigIntegerField()),
                        ("accepted_at", models.DateTimeField()),
                        ("job_class", models.SmallIntegerField()),
                        ("region", models.CharField(db_collation="C", max_length=32)),
                        ("job_id", models.CharField(db_collation="C", max_length=64)),
                        ("result_digest", models.BinaryField(null=True)),
                        ("trace_root", models.BinaryField(null=True)),
                        ("verified_trace_root", models.BinaryField(null=True)),
                        ("signature", models.BinaryField(null=True)),
                    ],
                ),
            ],
        ),
    ]
