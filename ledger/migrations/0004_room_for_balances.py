from django.db import migrations

# A balance that finds its new version room on its own page leaves both indexes alone: a third of the time of a
# posting over every node.
ROOM = "ALTER TABLE ledger_account SET (fillfactor = 50)"
FORMER = "ALTER TABLE ledger_account RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_one_index_of_names_and_keys")]
    operations = [migrations.RunSQL(ROOM, FORMER)]
