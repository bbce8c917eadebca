from pathlib import Path

from django.db import migrations

GUARDS = (Path(__file__).parent / "guards.sql").read_text()

UNDO = """
DROP FUNCTION ledger_post(text, text, text, text, timestamptz, integer, text[], bigint[]);
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
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
