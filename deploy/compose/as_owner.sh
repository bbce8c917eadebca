#!/bin/sh
# Runs a command as the owner of the tables.
set -eu
DATABASE_URL="postgresql://inframind_owner:$(cat /run/secrets/owner_password)@postgres/inframind"
export DATABASE_URL
exec "$@"
