import django.db.models.deletion
from django.db import migrations, models

SQL = """
-- Which database transaction wrote a ledger transaction: entries may join it only there.
ALTER TABLE ledger_transaction ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();

-- Append-only: what is posted is never changed or deleted (R9).
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON ledger_transaction
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_journalnumber_append_only BEFORE UPDATE OR DELETE ON ledger_journalnumber
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_account_keep BEFORE DELETE ON ledger_account
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse();

-- A test database empties its tables between tests; no other connection sets this.
CREATE FUNCTION ledger_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('inframind.allow_truncate', true), '') <> 'on' THEN
    RAISE EXCEPTION 'the ledger is append-only: TRUNCATE on % is refused', TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_transaction_no_truncate BEFORE TRUNCATE ON ledger_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER ledger_journalnumber_no_truncate BEFORE TRUNCATE ON ledger_journalnumber
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();

-- A balance moves only through entries: the update comes from ledger_add_up or is refused. The conditions stand in
-- the triggers, so that what is allowed calls nothing; a name is looked at once, since it never changes.
CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'account % opens at 0 and moves only through entries', NEW.name USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION ledger_guard_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'no account can be called %', NEW.name USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_name';
END $$;
CREATE TRIGGER ledger_account_opens BEFORE INSERT ON ledger_account
  FOR EACH ROW WHEN (NEW.balance <> 0) EXECUTE FUNCTION ledger_guard_account();
CREATE TRIGGER ledger_account_is_named BEFORE INSERT ON ledger_account
  FOR EACH ROW WHEN (NEW.name !~ '^(issuance|reward_pool|deposits|treasury|burned|custody|exits|(wallet|stake|pool|unbonding|rewards):0x[0-9a-f]{40})$')
  EXECUTE FUNCTION ledger_guard_name();
CREATE TRIGGER ledger_account_moves BEFORE UPDATE ON ledger_account
  FOR EACH ROW WHEN (pg_trigger_depth() < 1 OR NEW.name <> OLD.name OR NEW.id <> OLD.id)
  EXECUTE FUNCTION ledger_guard_account();

CREATE FUNCTION ledger_refuse_entries() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'entries join a transaction as it is posted, and no other' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION ledger_refuse_account() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an entry names an account that is not there' USING ERRCODE = 'foreign_key_violation';
END $$;

-- Stands for foreign keys too: what it checks in one pass they would look up row by row, and nothing is ever deleted.
CREATE FUNCTION ledger_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE entry record; moved integer;
BEGIN
  IF (SELECT count(*) FROM added) <= 4 THEN
    -- In the order in which they came, that of account names: the order in which everybody locks accounts.
    FOR entry IN SELECT transaction_id, account_id, amount FROM added LOOP
      PERFORM FROM ledger_transaction WHERE id = entry.transaction_id AND xact = pg_current_xact_id();
      IF NOT FOUND THEN PERFORM ledger_refuse_entries(); END IF;
      UPDATE ledger_account SET balance = balance + entry.amount WHERE id = entry.account_id;
      IF NOT FOUND THEN PERFORM ledger_refuse_account(); END IF;
    END LOOP;
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT FROM added a LEFT JOIN ledger_transaction t ON t.id = a.transaction_id
    WHERE t.xact IS DISTINCT FROM pg_current_xact_id()
  ) THEN
    PERFORM ledger_refuse_entries();
  END IF;
  UPDATE ledger_account SET balance = balance + moves.amount
    FROM (SELECT account_id, sum(amount)::bigint AS amount FROM added GROUP BY account_id) moves
    WHERE ledger_account.id = moves.account_id;
  GET DIAGNOSTICS moved = ROW_COUNT;
  IF moved <> (SELECT count(DISTINCT account_id) FROM added) THEN
    PERFORM ledger_refuse_account();
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_add_up AFTER INSERT ON ledger_entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_add_up();

-- Every transaction sums to zero at commit (R9), whoever wrote it.
CREATE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric; parts bigint;
BEGIN
  SELECT sum(amount), count(*) INTO total, parts FROM ledger_entry WHERE transaction_id = NEW.id;
  IF parts < 2 OR total <> 0 THEN
    RAISE EXCEPTION 'transaction % (%) is not balanced: % entries, sum %', NEW.id, NEW.kind, parts, total
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_balanced';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_balanced AFTER INSERT ON ledger_transaction
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();

-- The one way in: one round trip, accounts locked by name, a repeated key answers with the first transaction.
CREATE FUNCTION ledger_post(
  p_key text, p_kind text, p_reference text, p_actor text, p_at timestamptz, p_epoch integer,
  p_names text[], p_amounts bigint[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE posted bigint; known record; ids bigint[]; names text[]; first integer; one bigint; other bigint;
BEGIN
  IF p_key IS NULL THEN
    INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)
      VALUES (p_kind, p_reference, p_actor, p_at, p_epoch) RETURNING id INTO posted;
  ELSE
    INSERT INTO ledger_transaction (kind, reference, actor, key, at, epoch)
      VALUES (p_kind, p_reference, p_actor, p_key, p_at, p_epoch)
      ON CONFLICT (key) DO NOTHING RETURNING id INTO posted;
  END IF;
  IF posted IS NULL THEN
    SELECT id, kind, reference INTO known FROM ledger_transaction WHERE key = p_key;
    IF known.kind <> p_kind OR known.reference <> p_reference THEN
      RAISE EXCEPTION 'key % belongs to another transaction', p_key
        USING ERRCODE = 'unique_violation', CONSTRAINT = 'ledger_key_conflict';
    END IF;
    RETURN known.id;
  END IF;
  -- Between two accounts that are there, as nearly always: the entries in the order of the names, nothing else.
  -- Accounts are locked before their entries are numbered: an account's entries are in the order in which it moved.
  IF cardinality(p_names) = 2 AND p_names[1] <> p_names[2] THEN
    first := CASE WHEN p_names[1] COLLATE "C" < p_names[2] COLLATE "C" THEN 1 ELSE 2 END;
    SELECT id INTO one FROM ledger_account WHERE name = p_names[first] FOR NO KEY UPDATE;
    IF one IS NOT NULL THEN
      SELECT id INTO other FROM ledger_account WHERE name = p_names[3 - first] FOR NO KEY UPDATE;
    END IF;
    IF other IS NOT NULL THEN
      INSERT INTO ledger_entry (transaction_id, account_id, amount)
        VALUES (posted, one, p_amounts[first]), (posted, other, p_amounts[3 - first]);
      RETURN posted;
    END IF;
  END IF;
  SELECT array_agg(id), array_agg(name) INTO ids, names
    FROM (SELECT id, name FROM ledger_account WHERE name = ANY(p_names) ORDER BY name FOR NO KEY UPDATE) locked;
  IF coalesce(cardinality(ids), 0) < (SELECT count(DISTINCT name) FROM unnest(p_names) AS n(name)) THEN
    INSERT INTO ledger_account (name) SELECT DISTINCT name FROM unnest(p_names) AS n(name) ORDER BY name
      ON CONFLICT (name) DO NOTHING;
    SELECT array_agg(id), array_agg(name) INTO ids, names
      FROM (SELECT id, name FROM ledger_account WHERE name = ANY(p_names) ORDER BY name FOR NO KEY UPDATE) locked;
  END IF;
  INSERT INTO ledger_entry (transaction_id, account_id, amount)
    SELECT posted, a.id, sum(m.amount)
    FROM unnest(p_names, p_amounts) AS m(name, amount) JOIN unnest(ids, names) AS a(id, name) ON a.name = m.name
    GROUP BY a.id, a.name HAVING sum(m.amount) <> 0 ORDER BY a.name;
  RETURN posted;
END $$;

-- As a window function over transactions in their order: the hash of the journal up to each (ledger/numbering.py).
CREATE FUNCTION ledger_next_hash(state bytea, former bytea, content bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN sha256(coalesce(state, former) || content); END $$;
CREATE AGGREGATE ledger_hash(former bytea, content bytea) (SFUNC = ledger_next_hash, STYPE = bytea, PARALLEL = SAFE);

-- When the new version of a row fits on its page, an update of a balance leaves both indexes alone (HOT):
-- a third of the time of a posting over every node.
ALTER TABLE ledger_account SET (fillfactor = 50);
"""

UNDO = """
DROP FUNCTION ledger_post(text, text, text, text, timestamptz, integer, text[], bigint[]);
DROP AGGREGATE ledger_hash(bytea, bytea);
DROP FUNCTION ledger_next_hash(bytea, bytea, bytea);
DROP FUNCTION ledger_refuse() CASCADE;
DROP FUNCTION ledger_refuse_truncate() CASCADE;
DROP FUNCTION ledger_guard_account() CASCADE;
DROP FUNCTION ledger_guard_name() CASCADE;
DROP FUNCTION ledger_add_up() CASCADE;
DROP FUNCTION ledger_refuse_entries();
DROP FUNCTION ledger_refuse_account();
DROP FUNCTION ledger_check_balanced() CASCADE;
ALTER TABLE ledger_transaction DROP COLUMN xact;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(db_collation="C", max_length=64)),
                ("balance", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="ledger_account_unique_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("balance__gte", 0), ("name__in", ("issuance", "custody")), _connector="OR"
                        ),
                        name="ledger_account_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("reference", models.CharField(blank=True, max_length=128)),
                ("actor", models.CharField(blank=True, max_length=64)),
                ("key", models.CharField(max_length=128, null=True)),
                ("at", models.DateTimeField()),
                ("epoch", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "id"], name="ledger_transaction_kind")],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="ledger_transaction_unique_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalNumber",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "transaction",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="numbered",
                        to="ledger.transaction",
                    ),
                ),
                ("hash", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="ledger_journalnumber_from_1"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="ledger.transaction",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="ledger.account",
                    ),
                ),
                ("amount", models.BigIntegerField()),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [models.Index(fields=["account", "id"], name="ledger_entry_account")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="ledger_entry_not_zero"
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL, UNDO),
    ]
