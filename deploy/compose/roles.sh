#!/bin/sh
# Run once by the postgres image, when the data directory is made.
set -eu
psql -v database=inframind \
     -v owner_password="$(cat /run/secrets/owner_password)" \
     -v app_password="$(cat /run/secrets/app_password)" \
     -f /roles.sql postgres
