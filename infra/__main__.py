"""`python -m infra`, for when the script is not on the path."""

from infra.main import app

app(prog_name="infra")
