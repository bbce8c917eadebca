from pathlib import Path

from django.db import migrations

ACTS = (Path(__file__).parent / "acts.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("delegation", "0001_initial"), ("staking", "0002_guards")]
    operations = [migrations.RunSQL(ACTS, "DROP FUNCTION delegation_lock_position(text, text)")]
