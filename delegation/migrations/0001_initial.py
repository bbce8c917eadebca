import django.db.models.deletion
import postgres.fields
import staking.models.pending
from django.db import migrations, models

SQL = """
-- Everything that an operation on a position depends on, in one call: the open epoch under its shared lock, the node
-- under its row lock, and the rows that these two locks guard. Each statement sees what was committed before it began,
-- so that a session that waited for a lock reads what its previous holder wrote. Missing rows (epoch, node, position,
-- bucket) are NULL.
CREATE FUNCTION delegation_lock_position(
  p_node text, p_wallet text,
  OUT number integer, OUT digest varchar, OUT epoch_end timestamptz,
  OUT node integer, OUT operator varchar, OUT cap bigint, OUT retired_at timestamptz, OUT banned boolean, OUT cooldown_until integer,
  OUT pool_generation integer, OUT pool_tokens bigint, OUT pool_shares numeric, OUT pool_pending numeric, OUT pool_epoch integer, OUT pool_parts jsonb,
  OUT pending_slash boolean, OUT bucket_tokens bigint, OUT bucket_shares numeric,
  OUT closed_index numeric, OUT begun_index numeric, OUT void_epoch integer, OUT void_index numeric,
  OUT id bigint, OUT generation integer, OUT shares numeric, OUT pending_shares numeric, OUT pending_epoch integer, OUT pending_parts jsonb,
  OUT reward_index numeric, OUT owed numeric, OUT claimed bigint, OUT cost bigint, OUT redelegated_at timestamptz, OUT opened_epoch integer
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_variable
BEGIN
  SELECT e.number, e.digest, e.epoch_end INTO number, digest, epoch_end FROM staking_lock_epoch() e;
  SELECT n.id, n.operator, n.delegation_cap, n.retired_at, n.banned, n.cooldown_until
    INTO node, operator, cap, retired_at, banned, cooldown_until
    FROM staking_node n WHERE n.address = p_node FOR NO KEY UPDATE;
  IF number IS NULL OR node IS NULL THEN RETURN; END IF;
  SELECT p.generation, p.tokens, p.shares, p.pending_shares, p.pending_epoch, p.pending_parts, b.tokens, b.shares, c.reward_index,
      EXISTS (SELECT FROM staking_slash s WHERE s.node_id = node AND s.status IN ('pending', 'disputed')),
      x.id, x.generation, x.shares, x.pending_shares, x.pending_epoch, x.pending_parts, x.reward_index, x.owed, x.claimed, x.cost,
      x.redelegated_at, x.opened_epoch
    INTO pool_generation, pool_tokens, pool_shares, pool_pending, pool_epoch, pool_parts, bucket_tokens, bucket_shares, closed_index,
      pending_slash,
      id, generation, shares, pending_shares, pending_epoch, pending_parts, reward_index, owed, claimed, cost,
      redelegated_at, opened_epoch
    FROM staking_pool p
    LEFT JOIN delegation_position x ON x.node_id = p.node_id AND x.wallet = p_wallet
    LEFT JOIN staking_bucket b ON b.node_id = p.node_id AND b.epoch = number AND b.kind = 'delegated'
    LEFT JOIN staking_nodeepoch c ON c.node_id = p.node_id AND c.epoch = number - 1
    WHERE p.node_id = node;
  IF pending_shares > 0 AND pending_epoch < number - 1 THEN
    SELECT c.reward_index INTO begun_index FROM staking_nodeepoch c WHERE c.node_id = node AND c.epoch = pending_epoch;
  END IF;
  IF generation <> pool_generation THEN
    SELECT g.epoch, c.reward_index INTO void_epoch, void_index
      FROM staking_voidgeneration g LEFT JOIN staking_nodeepoch c ON c.node_id = g.node_id AND c.epoch = g.epoch
      WHERE g.node_id = node AND g.generation = generation;
  END IF;
END $$;

ALTER TABLE delegation_position ADD CONSTRAINT delegation_position_pending
  CHECK (pending_parts IS NULL OR staking_pending_parts(pending_parts, 0) = pending_shares);
"""

UNDO = """
DROP FUNCTION delegation_lock_position(text, text);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("staking", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="staking.node",
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                ("generation", models.IntegerField()),
                ("shares", postgres.fields.WideIntegerField(default=0)),
                ("pending_shares", postgres.fields.WideIntegerField(default=0)),
                ("pending_epoch", models.IntegerField(default=0)),
                ("pending_parts", models.JSONField(null=True)),
                ("reward_index", postgres.fields.WideIntegerField(default=0)),
                ("owed", postgres.fields.WideIntegerField(default=0)),
                ("claimed", models.BigIntegerField(default=0)),
                ("cost", models.BigIntegerField(default=0)),
                ("redelegated_at", models.DateTimeField(null=True)),
                ("opened_epoch", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["wallet", "node"], name="delegation_position_wallet")],
                "constraints": [
                    models.UniqueConstraint(fields=("node", "wallet"), name="delegation_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("claimed__gte", 0),
                            ("owed__gte", 0),
                            ("pending_shares__gte", 0),
                            ("shares__gte", models.F("pending_shares")),
                        ),
                        name="delegation_position_sane",
                    ),
                ],
            },
            bases=(staking.models.pending.HasPending, models.Model),
        ),
        migrations.CreateModel(
            name="Redelegation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", postgres.fields.AddressField(db_index=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redelegations_out",
                        to="staking.node",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redelegations_in",
                        to="staking.node",
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("epoch", models.IntegerField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("executed", "Executed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="recorded",
                        max_length=9,
                    ),
                ),
                ("moved", models.BigIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=32)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "recorded")),
                        fields=["epoch", "id"],
                        name="delegation_redelegation_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StandingOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", postgres.fields.AddressField(db_index=True)),
                (
                    "node",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="staking.node",
                    ),
                ),
                (
                    "condition",
                    models.CharField(
                        choices=[
                            ("share_below", "Share Below"),
                            ("degraded", "Degraded"),
                            ("operator_unbonds", "Operator Unbonds"),
                            ("slashed", "Slashed"),
                            ("cap_reached", "Cap Reached"),
                            ("apr_below", "Apr Below"),
                        ],
                        max_length=16,
                    ),
                ),
                ("threshold", models.IntegerField(null=True)),
                (
                    "action",
                    models.CharField(
                        choices=[("undelegate", "Undelegate"), ("redelegate", "Redelegate")], max_length=10
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="staking.node",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("wallet", "node", "condition"),
                        name="delegation_standingorder_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("condition__in", ["share_below", "degraded", "apr_below"]),
                                ("threshold__gte", 1),
                            ),
                            models.Q(
                                ("condition__in", ["operator_unbonds", "slashed", "cap_reached"]),
                                ("threshold", None),
                            ),
                            _connector="OR",
                        ),
                        name="delegation_standingorder_threshold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("action", "redelegate"), ("target__isnull", False)),
                            models.Q(("action", "undelegate"), ("target", None)),
                            _connector="OR",
                        ),
                        name="delegation_standingorder_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("node", None),
                            ("target", None),
                            models.Q(("target", models.F("node")), _negated=True),
                            _connector="OR",
                        ),
                        name="delegation_standingorder_elsewhere",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action", "redelegate"), ("condition", "operator_unbonds"), _negated=True
                        ),
                        name="delegation_standingorder_possible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderMatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="matches",
                        to="delegation.standingorder",
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="staking.node"
                    ),
                ),
                ("slash", models.BigIntegerField(default=0)),
                ("epoch", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "node", "slash"), name="delegation_ordermatch_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
