import django.db.models.deletion
import django.db.models.expressions
import postgres.fields
import staking.models.pending
from django.db import migrations, models

SQL = """
-- Receipts: one partition an epoch, created with its first receipt or heartbeat. Fixed-width columns first.
CREATE SEQUENCE staking_receipt_seq AS bigint;
CREATE TABLE staking_receipt (
  seq bigint NOT NULL DEFAULT nextval('staking_receipt_seq'),
  latency_ms bigint NOT NULL CHECK (latency_ms >= 0),
  deadline_ms bigint NOT NULL CHECK (deadline_ms >= 0),
  credits bigint NOT NULL CHECK (credits >= 0),
  accepted_at timestamptz NOT NULL,
  epoch integer NOT NULL,
  node_id integer NOT NULL,
  outcome smallint NOT NULL,
  proof smallint NOT NULL,
  job_class smallint NOT NULL,
  good boolean NOT NULL,
  region varchar(32) COLLATE "C" NOT NULL,
  job_id varchar(64) COLLATE "C" NOT NULL,
  result_digest bytea,
  trace_root bytea,
  verified_trace_root bytea,
  signature bytea
) PARTITION BY LIST (epoch);
-- The last N good jobs of a node (R24), and what was not good (evidence).
CREATE INDEX staking_receipt_good ON staking_receipt (node_id, epoch DESC, seq DESC) INCLUDE (latency_ms) WHERE good;
CREATE INDEX staking_receipt_bad ON staking_receipt (node_id, seq) WHERE NOT good;

-- Heartbeats: one partition an epoch too. The key is that of each partition, so that it need not hold the epoch.
CREATE TABLE staking_heartbeat (
  epoch integer NOT NULL,
  slot integer NOT NULL CHECK (slot >= 0),
  node_id integer NOT NULL
) PARTITION BY LIST (epoch);

-- Attaching takes a lock that lets readers and writers of other partitions go on; CREATE … PARTITION OF would not.
-- After waiting for another session that creates the partition, pg_class is read as a table with a snapshot of its own,
-- because to_regclass() remembers that there was none. With the owner's rights, since the application owns no table.
CREATE FUNCTION staking_open_partition(p_epoch integer) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  receipts text := 'staking_receipt_e' || p_epoch;
  heartbeats text := 'staking_heartbeat_e' || p_epoch;
BEGIN
  IF to_regclass(receipts) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('staking_open_partition'), 0);
  PERFORM FROM pg_class WHERE relname = receipts AND relnamespace = current_schema()::regnamespace;
  IF FOUND THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE staking_heartbeat INCLUDING CONSTRAINTS, CHECK (epoch = %s), PRIMARY KEY (slot, node_id))',
    heartbeats, p_epoch);
  EXECUTE format('ALTER TABLE staking_heartbeat ATTACH PARTITION %I FOR VALUES IN (%s)', heartbeats, p_epoch);
  EXECUTE format('CREATE TABLE %I (LIKE staking_receipt INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (epoch = %s))',
    receipts, p_epoch);
  EXECUTE format('ALTER TABLE staking_receipt ATTACH PARTITION %I FOR VALUES IN (%s)', receipts, p_epoch);
END $$;

-- Everybody who reads receipts waits behind this while it waits for a long reader, so it does not wait for long.
CREATE FUNCTION staking_drop_partition(p_epoch integer) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
  PERFORM FROM staking_epoch WHERE number = p_epoch AND status = 'settled';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'epoch % is not settled', p_epoch USING ERRCODE = 'restrict_violation';
  END IF;
  PERFORM FROM staking_archive WHERE kind = 'receipts' AND epoch = p_epoch AND forgotten_at IS NOT NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the receipts of epoch % are not archived', p_epoch USING ERRCODE = 'restrict_violation';
  END IF;
  EXECUTE format('DROP TABLE IF EXISTS %I, %I', 'staking_receipt_e' || p_epoch, 'staking_heartbeat_e' || p_epoch);
END $$;

-- Verified trace roots of receipts of the open epoch, and what follows from them: a valid proof (0) whose root differs
-- is forged (4), the other states do not change (R22). With the owner's rights, since the application may not change a
-- receipt. Two statements, one for each of the two partial indexes, planned for the partition.
CREATE FUNCTION staking_complete_receipts(
  p_epoch integer, p_nodes integer[], p_jobs text[], p_roots bytea[], p_forged boolean[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  state text;
BEGIN
  PERFORM FROM staking_epoch WHERE number = p_epoch AND status = 'open';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'epoch % is not open', p_epoch USING ERRCODE = 'restrict_violation';
  END IF;
  FOREACH state IN ARRAY ARRAY['NOT r.good', 'r.good'] LOOP
    EXECUTE '
UPDATE staking_receipt r SET verified_trace_root = s.root,
  proof = CASE WHEN s.forged AND r.proof = 0 THEN 4 ELSE r.proof END,
  good = r.good AND NOT (s.forged AND r.proof = 0)
FROM unnest($2, $3, $4, $5) AS s(node_id, job_id, root, forged)
WHERE r.epoch = $1 AND r.node_id = s.node_id AND r.job_id = s.job_id AND ' || state
    USING p_epoch, p_nodes, p_jobs, p_roots, p_forged;
  END LOOP;
END $$;

-- The open epoch under a shared lock that settlement takes exclusively: whatever a service then writes falls whole
-- into that epoch. Volatile, so that the row is read after the lock was granted.
CREATE FUNCTION staking_lock_epoch() RETURNS TABLE (
  number integer, epoch_start timestamptz, epoch_end timestamptz, version integer, digest varchar
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('staking_epoch'), 0);
  RETURN QUERY SELECT e.number, e.start, e."end", p.version, p.digest
    FROM staking_epoch e JOIN staking_parameterset p ON p.version = e.parameters_id WHERE e.status = 'open';
END $$;

-- Pending stake (R13; staking/models/pending.py): `total` of which the newest was made in epoch `newest`, and its parts
-- by epoch when it was made in several. Two functions, so that the server can inline the first.
CREATE FUNCTION staking_pending_parts(parts jsonb, epoch integer) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(sum(value::numeric), 0) FROM jsonb_each_text(parts) WHERE key::integer >= epoch
$$;
CREATE FUNCTION staking_pending_in(total numeric, newest integer, parts jsonb, epoch integer)
  RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN newest < epoch THEN 0 WHEN parts IS NULL THEN total ELSE staking_pending_parts(parts, epoch) END
$$;
ALTER TABLE staking_node ADD CONSTRAINT staking_node_pending
  CHECK (pending_parts IS NULL OR staking_pending_parts(pending_parts, 0) = pending_stake);
ALTER TABLE staking_pool ADD CONSTRAINT staking_pool_pending
  CHECK (pending_parts IS NULL OR staking_pending_parts(pending_parts, 0) = pending_shares);

-- What was settled stays (R4, S).
CREATE FUNCTION staking_keep_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was settled is not changed: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
-- The oldest generation of code that this schema admits (inframind/start_checks.py).
CREATE FUNCTION inframind_oldest_code() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
-- The SHA-256 of each migration's file when it was applied (inframind/migration_digests.py).
CREATE TABLE inframind_migration (
  app text, name text, digest text NOT NULL, PRIMARY KEY (app, name)
);

-- What network this is stays, and in production no epoch is settled before its end by this server's clock.
CREATE TRIGGER staking_network_keep BEFORE DELETE OR UPDATE OF kind, chain_id, genesis ON staking_network
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();
CREATE FUNCTION staking_refuse_early() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."end" > clock_timestamp() AND EXISTS (SELECT FROM staking_network WHERE kind = 'production') THEN
    RAISE EXCEPTION 'epoch % ends at %, later than the clock of this server', OLD.number, OLD."end"
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER staking_epoch_early BEFORE UPDATE OF status ON staking_epoch
  FOR EACH ROW WHEN (NEW.status = 'settled' AND OLD.status <> 'settled') EXECUTE FUNCTION staking_refuse_early();
CREATE TRIGGER staking_epoch_keep BEFORE UPDATE OR DELETE ON staking_epoch
  FOR EACH ROW WHEN (OLD.status = 'settled') EXECUTE FUNCTION staking_keep_settled();
CREATE TRIGGER staking_nodeepoch_keep BEFORE UPDATE OR DELETE ON staking_nodeepoch
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();
CREATE TRIGGER staking_formersigningkey_keep BEFORE UPDATE ON staking_formersigningkey
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();

-- A commitment and an announcement stay as they were made; a commitment is ended once.
CREATE TRIGGER staking_commitment_keep BEFORE DELETE OR UPDATE OF node_id, operator, minimum_share_bps, notice_epochs,
  maximum_delegated, made_at, from_epoch, signature ON staking_commitment FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();
CREATE TRIGGER staking_commitment_ended BEFORE UPDATE OF ends_epoch ON staking_commitment
  FOR EACH ROW WHEN (OLD.ends_epoch IS NOT NULL) EXECUTE FUNCTION staking_keep_settled();
CREATE TRIGGER staking_shareannouncement_keep BEFORE UPDATE OR DELETE ON staking_shareannouncement
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();

CREATE TRIGGER staking_exitsums_keep BEFORE UPDATE OR DELETE ON staking_exitsums
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();

CREATE TRIGGER staking_epochtree_keep BEFORE UPDATE OR DELETE ON staking_epochtree
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();
-- Hashes cannot be compressed.
ALTER TABLE staking_epochtree ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TRIGGER staking_epochinputs_keep BEFORE UPDATE ON staking_epochinputs
  FOR EACH ROW EXECUTE FUNCTION staking_keep_settled();
ALTER TABLE staking_epochinputs ALTER COLUMN content SET STORAGE EXTERNAL;

-- A version that moves with everything that lists and the scheduler show.
CREATE FUNCTION staking_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO web_datachange DEFAULT VALUES;
  RETURN NULL;
END $$;
CREATE TRIGGER staking_node_changed AFTER INSERT OR UPDATE ON staking_node
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_pool_changed AFTER INSERT OR UPDATE ON staking_pool
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_slash_changed AFTER INSERT OR UPDATE ON staking_slash
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_unbonding_changed AFTER INSERT OR UPDATE ON staking_unbonding
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_ranking_changed AFTER INSERT ON staking_ranking
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_commitment_changed AFTER INSERT OR UPDATE ON staking_commitment
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();
CREATE TRIGGER staking_epoch_changed AFTER INSERT OR UPDATE ON staking_epoch
  FOR EACH STATEMENT EXECUTE FUNCTION staking_note_change();

-- In SQL because Django adds a second index to a text key, for LIKE, which every receipt would maintain.
CREATE TABLE staking_jobkey (
  job_id varchar(64) COLLATE "C" NOT NULL PRIMARY KEY,
  epoch integer NOT NULL,
  digest bytea NOT NULL
);
"""

UNDO = """
DROP TABLE staking_jobkey;
DROP TABLE staking_receipt;
DROP TABLE staking_heartbeat;
DROP SEQUENCE staking_receipt_seq;
DROP FUNCTION staking_open_partition(integer);
DROP FUNCTION staking_drop_partition(integer);
DROP FUNCTION staking_complete_receipts(integer, integer[], text[], bytea[], boolean[]);
DROP FUNCTION staking_lock_epoch();
DROP FUNCTION staking_pending_in(numeric, integer, jsonb, integer);
DROP FUNCTION staking_pending_parts(jsonb, integer) CASCADE;
DROP FUNCTION staking_keep_settled() CASCADE;
DROP FUNCTION staking_refuse_early() CASCADE;
DROP FUNCTION inframind_oldest_code();
DROP TABLE inframind_migration;
DROP FUNCTION staking_note_change() CASCADE;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("web", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Network",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("devnet", "Devnet"), ("production", "Production")], max_length=10
                    ),
                ),
                ("chain_id", models.BigIntegerField()),
                ("genesis", models.CharField(blank=True, max_length=64)),
                ("clock_offset_ms", models.BigIntegerField(default=0)),
                ("halted", models.JSONField(default=list)),
                ("audited", models.IntegerField(db_default=0, default=0)),
                ("audited_at", models.DateTimeField(null=True)),
                ("alarms", models.JSONField(db_default={}, default=dict)),
                ("held_at", models.DateTimeField(null=True)),
                ("held_reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="staking_network_single"),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "devnet"), ("clock_offset_ms", 0), _connector="OR"),
                        name="staking_network_wall_clock",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("name", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ParameterSet",
            fields=[
                ("version", models.IntegerField(primary_key=True, serialize=False)),
                ("from_epoch", models.IntegerField()),
                ("values", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("proposal", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["from_epoch", "version"], name="staking_parameterset_epoch")
                ],
            },
        ),
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                ("start", models.DateTimeField(unique=True)),
                ("end", models.DateTimeField(unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("settling", "Settling"), ("settled", "Settled")],
                        default="open",
                        max_length=8,
                    ),
                ),
                (
                    "parameters",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="epochs",
                        to="staking.parameterset",
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("carry_in", models.BigIntegerField(null=True)),
                ("minted", models.BigIntegerField(null=True)),
                ("pool", models.BigIntegerField(null=True)),
                ("distributed", models.BigIntegerField(null=True)),
                ("carry", models.BigIntegerField(null=True)),
                ("burned", models.BigIntegerField(null=True)),
                ("honest", models.BigIntegerField(null=True)),
                ("returned", models.BigIntegerField(null=True)),
                ("slashed", models.BigIntegerField(null=True)),
                ("totals", models.JSONField(default=dict)),
                ("merkle_root", models.CharField(blank=True, max_length=66)),
                ("plan_hash", models.CharField(blank=True, max_length=66)),
                ("journal_last", models.BigIntegerField(null=True)),
                ("journal_hash", models.CharField(blank=True, max_length=66)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))), name="staking_epoch_forward"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["open", "settling"])),
                        fields=("status",),
                        name="staking_epoch_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "pool",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("distributed"), "+", models.F("carry")
                                ),
                            ),
                            ("pool", None),
                            _connector="OR",
                        ),
                        name="staking_epoch_pool_adds_up",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EpochTree",
            fields=[
                ("epoch", models.IntegerField(primary_key=True, serialize=False)),
                ("hashes", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="EpochInputs",
            fields=[
                ("epoch", models.IntegerField(primary_key=True, serialize=False)),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                ("epoch", models.IntegerField()),
                ("node_id", models.IntegerField(null=True)),
                ("wallet", models.CharField(blank=True, db_collation="C", max_length=42)),
                ("data", models.JSONField(default=dict)),
                ("dispatched", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("dispatched", False)), fields=["id"], name="staking_event_waiting"
                    ),
                    models.Index(fields=["node_id", "id"], name="staking_event_node"),
                    models.Index(fields=["wallet", "id"], name="staking_event_wallet"),
                    models.Index(fields=["kind", "id"], name="staking_event_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("address", postgres.fields.AddressField(unique=True)),
                ("operator", postgres.fields.AddressField(db_index=True)),
                ("name", models.CharField(max_length=64)),
                ("region", models.CharField(max_length=32)),
                ("hardware", models.JSONField(default=dict)),
                ("signing_key", postgres.fields.AddressField()),
                ("custodial", models.BooleanField(default=False)),
                ("delegation_cap", models.BigIntegerField(null=True)),
                ("share_bps", models.IntegerField()),
                ("next_share_bps", models.IntegerField(null=True)),
                ("next_share_epoch", models.IntegerField(null=True)),
                ("registered_at", models.DateTimeField()),
                ("registered_epoch", models.IntegerField()),
                ("retired_at", models.DateTimeField(null=True)),
                ("banned", models.BooleanField(default=False)),
                ("cooldown_until", models.IntegerField(default=0)),
                ("self_stake", models.BigIntegerField(default=0)),
                ("pending_stake", models.BigIntegerField(default=0)),
                ("pending_epoch", models.IntegerField(default=0)),
                ("pending_parts", models.JSONField(null=True)),
                ("operator_claimed", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pending_stake__gte", 0), ("self_stake__gte", models.F("pending_stake"))
                        ),
                        name="staking_node_stake",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share_bps__range", (5000, 10000))), name="staking_node_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("delegation_cap__gte", 0), ("delegation_cap", None), _connector="OR"
                        ),
                        name="staking_node_cap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("operator_claimed__gte", 0)), name="staking_node_claimed"
                    ),
                ],
            },
            bases=(staking.models.pending.HasPending, models.Model),
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                (
                    "node",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pool",
                        serialize=False,
                        to="staking.node",
                    ),
                ),
                ("generation", models.IntegerField(default=1)),
                ("tokens", models.BigIntegerField(default=0)),
                ("shares", postgres.fields.WideIntegerField(default=0)),
                ("pending_shares", postgres.fields.WideIntegerField(default=0)),
                ("pending_epoch", models.IntegerField(default=0)),
                ("pending_parts", models.JSONField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pending_shares__gte", 0),
                            ("shares__gte", models.F("pending_shares")),
                            ("tokens__gte", 0),
                        ),
                        name="staking_pool_sane",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("shares", 0), ("tokens", 0)),
                            models.Q(("shares__gt", 0), ("tokens__gt", 0)),
                            _connector="OR",
                        ),
                        name="staking_pool_backed",
                    ),
                ],
            },
            bases=(staking.models.pending.HasPending, models.Model),
        ),
        migrations.CreateModel(
            name="FormerSigningKey",
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
                        related_name="former_signing_keys",
                        to="staking.node",
                    ),
                ),
                ("epoch", models.IntegerField()),
                ("key", postgres.fields.AddressField()),
                ("receipts", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("epoch", "node", "receipts"), name="staking_formersigningkey_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ShareChange",
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
                        related_name="share_changes",
                        to="staking.node",
                    ),
                ),
                ("from_epoch", models.IntegerField()),
                ("old_bps", models.IntegerField()),
                ("new_bps", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("node", "from_epoch"), name="staking_sharechange_epoch")
                ],
            },
        ),
        migrations.CreateModel(
            name="StakeCheckpoint",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "wallet",
                        "node_id",
                        "epoch",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                (
                    "node",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="staking.node",
                    ),
                ),
                ("epoch", models.IntegerField()),
                ("generation", models.IntegerField()),
                ("active", postgres.fields.WideIntegerField()),
                ("shares", postgres.fields.WideIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["node", "epoch"], name="staking_checkpoint_node")],
            },
        ),
        migrations.CreateModel(
            name="NodeEpoch",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "epoch", "node_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("epoch", models.IntegerField()),
                (
                    "node",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="epochs",
                        to="staking.node",
                    ),
                ),
                ("status", models.CharField(max_length=8)),
                ("accepted", models.IntegerField()),
                ("good", models.IntegerField()),
                ("rejected", models.IntegerField()),
                ("dropped", models.IntegerField()),
                ("mismatched", models.IntegerField()),
                ("invalid", models.IntegerField()),
                ("forged", models.IntegerField()),
                ("sla_bps", models.IntegerField(null=True)),
                ("rejection_bps", models.IntegerField()),
                ("slots_heard", models.IntegerField()),
                ("slots_counted", models.IntegerField()),
                ("uptime_bps", models.IntegerField()),
                ("last_receipt_epoch", models.IntegerField(null=True)),
                ("latency_ms", models.BigIntegerField(null=True)),
                ("latency_count", models.IntegerField()),
                ("latency_sum", postgres.fields.WideIntegerField()),
                ("latency_squares", postgres.fields.WideIntegerField()),
                ("window_epoch", models.IntegerField()),
                ("window_after", models.BigIntegerField()),
                ("variation_bps", models.IntegerField()),
                ("latency_percentile_bps", models.IntegerField()),
                ("scarcity_bps", models.IntegerField()),
                ("degraded", models.BooleanField()),
                ("q_latency", models.IntegerField()),
                ("q_uptime", models.IntegerField()),
                ("q_stake", models.IntegerField()),
                ("q_scarcity", models.IntegerField()),
                ("q_sla", models.IntegerField()),
                ("q_bps", models.IntegerField()),
                ("tier", models.SmallIntegerField()),
                ("bonus_bps", models.IntegerField()),
                ("credits", postgres.fields.WideIntegerField()),
                ("weight", postgres.fields.WideIntegerField()),
                ("active_stake", models.BigIntegerField()),
                ("active_pool", models.BigIntegerField()),
                ("active_shares", postgres.fields.WideIntegerField()),
                ("share_bps", models.IntegerField()),
                ("reward", models.BigIntegerField()),
                ("operator_reward", models.BigIntegerField()),
                ("delegators_reward", models.BigIntegerField()),
                ("honest_reward", models.BigIntegerField()),
                ("honest_operator", models.BigIntegerField()),
                ("slashed", models.BigIntegerField()),
                ("operator_earned", models.BigIntegerField()),
                ("reward_index", postgres.fields.WideIntegerField()),
                ("index_carry", postgres.fields.WideIntegerField()),
                ("penalty_bps", models.IntegerField()),
                ("reputation", models.SmallIntegerField()),
                ("self_stake", models.BigIntegerField()),
                ("generation", models.IntegerField()),
                ("pool_tokens", models.BigIntegerField()),
                ("pool_shares", postgres.fields.WideIntegerField()),
                ("late_stake", models.BigIntegerField(db_default=0, default=0)),
                ("late_pool", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["node", "-epoch"], name="staking_nodeepoch_node")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reward",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("operator_reward"), "+", models.F("delegators_reward")
                                ),
                            )
                        ),
                        name="staking_nodeepoch_split",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Slash",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "node",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slashes",
                        to="staking.node",
                    ),
                ),
                ("offence", models.CharField(max_length=16)),
                ("table_order", models.SmallIntegerField()),
                ("epoch", models.IntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("disputed", "Disputed"),
                            ("executed", "Executed"),
                            ("overturned", "Overturned"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("self_bps", models.IntegerField()),
                ("delegated_bps", models.IntegerField()),
                ("base_self", models.BigIntegerField()),
                ("base_delegated", models.BigIntegerField()),
                ("strike", models.BooleanField(default=False)),
                ("ban", models.BooleanField(default=False)),
                ("cooldown_until", models.IntegerField(default=0)),
                ("tier", models.SmallIntegerField()),
                ("disputable_until_epoch", models.IntegerField()),
                ("due_epoch", models.IntegerField()),
                ("evidence", models.JSONField(default=list)),
                ("measured", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_epoch", models.IntegerField(null=True)),
                ("self_slashed", models.BigIntegerField(default=0)),
                ("delegated_slashed", models.BigIntegerField(default=0)),
                ("slashed", models.BigIntegerField(default=0)),
                ("burned", models.BigIntegerField(default=0)),
                ("honest", models.BigIntegerField(default=0)),
                ("honest_to_treasury", models.BigIntegerField(default=0)),
                ("returned", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "slashes",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "disputed"])),
                        fields=["due_epoch"],
                        name="staking_slash_due",
                    ),
                    models.Index(fields=["node", "-epoch"], name="staking_slash_node"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("node", "offence", "epoch"), name="staking_slash_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "slashed",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("burned"), "+", models.F("honest")
                                    ),
                                    "+",
                                    models.F("returned"),
                                ),
                            ),
                            (
                                "slashed",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("self_slashed"), "+", models.F("delegated_slashed")
                                ),
                            ),
                        ),
                        name="staking_slash_adds_up",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VoidGeneration",
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
                        related_name="void_generations",
                        to="staking.node",
                    ),
                ),
                ("generation", models.IntegerField()),
                ("epoch", models.IntegerField()),
                (
                    "slash",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="staking.slash"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("node", "generation"), name="staking_voidgeneration_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TokenAccount",
            fields=[
                ("wallet", postgres.fields.AddressField(primary_key=True, serialize=False)),
                ("deposited", models.BigIntegerField(default=0)),
                ("minted", models.BigIntegerField(default=0)),
                ("burned", models.BigIntegerField(default=0)),
                ("released", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("burned__gte", 0),
                            ("deposited__gte", 0),
                            ("minted__gte", 0),
                            ("released__gte", 0),
                        ),
                        name="staking_tokenaccount_sane",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Exit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                ("amount", models.BigIntegerField()),
                ("epoch", models.IntegerField()),
                ("requested_at", models.DateTimeField()),
                ("transaction", models.BigIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("recorded", "Recorded"), ("released", "Released")],
                        default="recorded",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["wallet", "id"], name="staking_exit_wallet"),
                    models.Index(
                        condition=models.Q(("status", "recorded")),
                        fields=["epoch", "wallet"],
                        name="staking_exit_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="staking_exit_amount")
                ],
            },
        ),
        migrations.CreateModel(
            name="ExitSums",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.IntegerField()),
                ("wallet", postgres.fields.AddressField()),
                ("minted", models.BigIntegerField()),
                ("burned", models.BigIntegerField()),
                ("released", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("epoch", "wallet"), name="staking_exitsums_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Bucket",
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
                        related_name="buckets",
                        to="staking.node",
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("self", "Self"), ("delegated", "Delegated")], max_length=9),
                ),
                ("epoch", models.IntegerField()),
                ("tokens", models.BigIntegerField(default=0)),
                ("shares", postgres.fields.WideIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("node", "epoch", "kind"), name="staking_bucket_once"),
                    models.CheckConstraint(
                        condition=models.Q(("shares__gte", 0), ("tokens__gte", 0)), name="staking_bucket_sane"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tokens", 0), ("shares__gt", 0), _connector="OR"),
                        name="staking_bucket_backed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Unbonding",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unbondings",
                        to="staking.node",
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                (
                    "kind",
                    models.CharField(choices=[("self", "Self"), ("delegated", "Delegated")], max_length=9),
                ),
                (
                    "bucket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="staking.bucket",
                    ),
                ),
                ("shares", postgres.fields.WideIntegerField()),
                ("entered", models.BigIntegerField()),
                ("burned", postgres.fields.WideIntegerField()),
                ("burned_active", postgres.fields.WideIntegerField()),
                ("epoch", models.IntegerField()),
                ("created_at", models.DateTimeField()),
                ("matures_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("paid", "Paid"), ("cancelled", "Cancelled")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_epoch", models.IntegerField(null=True)),
                ("paid", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["wallet", "matures_at", "id"], name="staking_unbonding_wallet"),
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["matures_at", "id"],
                        name="staking_unbonding_due",
                    ),
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["node", "kind"],
                        name="staking_unbonding_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("burned__gt", 0),
                            ("burned__gte", models.F("burned_active")),
                            ("burned_active__gte", 0),
                            ("entered__gt", 0),
                        ),
                        name="staking_unbonding_active",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SlashPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slash",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="staking.slash",
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("self", "Self"), ("delegated", "Delegated")], max_length=9),
                ),
                (
                    "bucket",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slash_parts",
                        to="staking.bucket",
                    ),
                ),
                ("generation", models.IntegerField(default=0)),
                ("tokens", models.BigIntegerField()),
                ("shares", postgres.fields.WideIntegerField(default=0)),
                ("taken", models.BigIntegerField()),
                ("returned", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("returned__gte", 0),
                            ("taken__gt", 0),
                            ("taken__gte", models.F("returned")),
                            ("tokens__gte", models.F("taken")),
                        ),
                        name="staking_slashpart_sane",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WatchedNode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wallet", postgres.fields.AddressField()),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watchers",
                        to="staking.node",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("wallet", "node"), name="staking_watchednode_once")
                ],
            },
        ),
        # SQL below creates the table.
        migrations.SeparateDatabaseAndState(
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
        migrations.CreateModel(
            name="Demand",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("epoch", models.IntegerField(db_index=True)),
                ("region", models.CharField(db_collation="C", max_length=32)),
                ("jobs", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("jobs__gt", 0)), name="staking_demand_counted")
                ],
            },
        ),
        # SQL below creates the table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="JobKey",
                    fields=[
                        (
                            "job_id",
                            models.CharField(
                                db_collation="C", max_length=64, primary_key=True, serialize=False
                            ),
                        ),
                        ("epoch", models.IntegerField()),
                        ("digest", models.BinaryField()),
                    ],
                ),
            ],
        ),
        # SQL below creates the table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "epoch",
                                "slot",
                                "node_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("epoch", models.IntegerField()),
                        ("slot", models.IntegerField()),
                        ("node_id", models.IntegerField()),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="EarlyHeartbeat",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "at", "node_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("node_id", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="WindowLatency",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "node_id",
                        "epoch",
                        "seq",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("node_id", models.IntegerField()),
                ("epoch", models.IntegerField()),
                ("seq", models.BigIntegerField()),
                ("latency_ms", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Attestation",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="staking.node",
                    ),
                ),
                ("epoch", models.IntegerField(db_index=True)),
                ("at", models.DateTimeField()),
                ("declared", models.JSONField()),
                ("measured", models.JSONField()),
                ("shortfalls", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="Ranking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("computed_at", models.DateTimeField(db_index=True)),
                ("slot", models.BigIntegerField(null=True, unique=True)),
                ("epoch", models.IntegerField()),
                ("nodes", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RankingRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "ranking_id", "rank", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "ranking",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="staking.ranking",
                    ),
                ),
                ("rank", models.IntegerField()),
                ("movement", models.IntegerField(null=True)),
                (
                    "node",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="staking.node",
                    ),
                ),
                ("score_bps", models.IntegerField()),
                ("q_bps", models.IntegerField()),
                ("q_latency", models.IntegerField()),
                ("q_uptime", models.IntegerField()),
                ("q_stake", models.IntegerField()),
                ("q_scarcity", models.IntegerField()),
                ("q_sla", models.IntegerField()),
                ("penalty_bps", models.IntegerField()),
                ("degraded", models.BooleanField()),
                ("live", models.BooleanField()),
                ("accepted", models.IntegerField()),
                ("sla_bps", models.IntegerField(null=True)),
                ("uptime_bps", models.IntegerField()),
                ("latency_ms", models.BigIntegerField(null=True)),
                ("latency_percentile_bps", models.IntegerField()),
                ("effective_stake", models.BigIntegerField()),
                ("apr_bps", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["node", "-ranking"], name="staking_rankingrow_node")],
            },
        ),
        migrations.CreateModel(
            name="Commitment",
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
                        related_name="commitments",
                        to="staking.node",
                    ),
                ),
                ("operator", postgres.fields.AddressField()),
                ("minimum_share_bps", models.IntegerField(null=True)),
                ("notice_epochs", models.IntegerField(null=True)),
                ("maximum_delegated", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
                ("from_epoch", models.IntegerField()),
                ("ends_epoch", models.IntegerField(null=True)),
                ("signature", models.BinaryField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["node", "from_epoch"], name="staking_commitment_node")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_epoch", None)),
                        fields=("node",),
                        name="staking_commitment_current",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("minimum_share_bps__isnull", False),
                            ("notice_epochs__isnull", False),
                            ("maximum_delegated__isnull", False),
                            _connector="OR",
                        ),
                        name="staking_commitment_some",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("minimum_share_bps", None),
                                ("minimum_share_bps__range", (5000, 10000)),
                                _connector="OR",
                            ),
                            models.Q(("notice_epochs", None), ("notice_epochs__gte", 1), _connector="OR"),
                            models.Q(
                                ("maximum_delegated", None), ("maximum_delegated__gte", 1), _connector="OR"
                            ),
                        ),
                        name="staking_commitment_terms",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_epoch", None), ("ends_epoch__gt", models.F("from_epoch")), _connector="OR"
                        ),
                        name="staking_commitment_span",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShareAnnouncement",
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
                        related_name="share_announcements",
                        to="staking.node",
                    ),
                ),
                ("share_bps", models.IntegerField()),
                ("from_epoch", models.IntegerField()),
                ("epoch", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["node", "epoch"], name="staking_announcement_node")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_epoch__gt", models.F("epoch")), ("share_bps__range", (5000, 10000))
                        ),
                        name="staking_shareannouncement_ahead",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Archive",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "epoch", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("epoch", models.IntegerField()),
                ("name", models.CharField(max_length=100)),
                ("rows", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("newest", models.DateTimeField(null=True)),
                ("archived_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(null=True)),
                ("dropped_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
