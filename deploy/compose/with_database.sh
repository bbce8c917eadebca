#!/bin/sh
# Entry point of the site's containers: names the database, with the password of DATABASE_ROLE from its secret.
set -eu
DATABASE_URL="postgresql://inframind_$DATABASE_ROLE:$(cat "/run/secrets/${DATABASE_ROLE}_password")@postgres:5432/inframind"
export DATABASE_URL
exec "$@"
