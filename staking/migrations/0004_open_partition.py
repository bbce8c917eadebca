from django.db import migrations

# After the wait for another one who is making the partition, the catalogue is read as a table, by a snapshot of its
# own: to_regclass() remembers that there was none.
OPEN = """
CREATE OR REPLACE FUNCTION staking_open_partition(p_epoch integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE part text := 'staking_receipt_e' || p_epoch;
BEGIN
  IF to_regclass(part) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('staking_open_partition'), 0);
  PERFORM FROM pg_class WHERE relname = part AND relnamespace = current_schema()::regnamespace;
  IF FOUND THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE staking_receipt INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CHECK (epoch = %s))', part, p_epoch);
  EXECUTE format('ALTER TABLE staking_receipt ATTACH PARTITION %I FOR VALUES IN (%s)', part, p_epoch);
END $$;
"""
FORMER = OPEN.replace(
    "PERFORM FROM pg_class WHERE relname = part AND relnamespace = current_schema()::regnamespace;\n  IF FOUND THEN",
    "IF to_regclass(part) IS NOT NULL THEN",
)


class Migration(migrations.Migration):
    dependencies = [("staking", "0003_form_keys")]
    operations = [migrations.RunSQL(OPEN, FORMER)]
