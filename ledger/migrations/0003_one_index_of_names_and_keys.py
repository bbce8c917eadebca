from django.db import migrations

# Django adds a second index to a text key, for LIKE; nothing asks for it here, and every posting pays for it.
DROP = """
DROP INDEX IF EXISTS ledger_account_name_e8428a98_like;
DROP INDEX IF EXISTS ledger_transaction_key_70016b4e_like;
"""
CREATE = """
CREATE INDEX ledger_account_name_e8428a98_like ON ledger_account (name varchar_pattern_ops);
CREATE INDEX ledger_transaction_key_70016b4e_like ON ledger_transaction (key varchar_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]
    operations = [migrations.RunSQL(DROP, CREATE)]
