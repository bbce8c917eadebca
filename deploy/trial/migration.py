"""A release whose tables differ: two migrations that only add, as an upgrade between two releases has them.

The commits of the project cannot show it while its first migrations are still written anew.
"""

from __future__ import annotations

from pathlib import Path

from deploy.trial.report import require
from deploy.trial.servers import PostgreSQL

COLUMN, INDEX = "trial_note", "trial_node_note"
# An empty column takes its lock for an instant. The index is built while others write, outside a transaction.
MIGRATIONS = {
    "9001_trial_column": f"""
class Migration(migrations.Migration):
    dependencies = [("staking", "LAST")]
    operations = [
        migrations.AddField("node", "{COLUMN}", models.CharField(max_length=32, null=True)),
    ]
""",
    "9002_trial_index": f"""
class Migration(migrations.Migration):
    atomic = False
    dependencies = [("staking", "9001_trial_column")]
    operations = [
        migrations.RunSQL(
            ["SET lock_timeout = 0", "CREATE INDEX CONCURRENTLY {INDEX} ON staking_node ({COLUMN})"],
            "DROP INDEX CONCURRENTLY {INDEX}",
        ),
    ]
""",
}
FIELD = "    registered_at = models.DateTimeField()\n"


def add_to(release: Path) -> None:
    """Write the migrations and the field of the model into the folder of a release."""
    folder = release / "staking" / "migrations"
    last = max(path.stem for path in folder.glob("[0-9]*.py"))
    for name, text in MIGRATIONS.items():
        source = "from django.db import migrations, models\n\n" + text.replace("LAST", last)
        (folder / f"{name}.py").write_text(source)
    model = release / "staking" / "models" / "node.py"
    text = model.read_text()
    require(FIELD in text, f"{model} has no line to add a field at")
    model.write_text(
        text.replace(FIELD, f"{FIELD}    {COLUMN} = models.CharField(max_length=32, null=True)\n")
    )


def applied(postgres: PostgreSQL) -> bool:
    """True if the database has the column and a valid index on it."""
    return bool(
        postgres.ask(
            f"SELECT 1 FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
            f"WHERE indisvalid AND indexrelid = '{INDEX}'::regclass AND attname = '{COLUMN}'"
        )
    )
