from django.db import migrations

# Django adds a second index to a text key, for LIKE; this key has the collation "C", so that its own serves that too,
# and every receipt pays for it.
DROP = "DROP INDEX IF EXISTS staking_jobkey_job_id_483680de_like"
CREATE = "CREATE INDEX staking_jobkey_job_id_483680de_like ON staking_jobkey (job_id varchar_pattern_ops)"


class Migration(migrations.Migration):
    dependencies = [("staking", "0005_event_dispatched")]
    operations = [migrations.RunSQL(DROP, CREATE)]
