-- Roles of an InfraMind network. Run once as a superuser of the server, before the first `migrate`:
--
--   psql -v database=inframind -v owner_password=… -v app_password=… -f roles.sql postgres
--
-- inframind_owner  owns the tables and runs `manage.py migrate`, nothing else
-- inframind_app    web, worker, beat and all other commands: reads and writes rows, and cannot change what is final
-- inframind_watch  postgres_exporter: statistics only; it gets LOGIN and a password by hand (docs/operations.md, First installation)
--
-- `migrate` grants the application its rights each time (inframind/database_roles.py).
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I NOLOGIN', name)
FROM unnest(ARRAY['inframind_owner', 'inframind_app', 'inframind_watch']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE inframind_owner LOGIN PASSWORD :'owner_password' CONNECTION LIMIT 5;
ALTER ROLE inframind_app LOGIN PASSWORD :'app_password' NOINHERIT;
GRANT pg_monitor TO inframind_watch;

-- Limits for sessions that set none of their own: behind a pooler in transaction mode, and in psql.
ALTER ROLE inframind_app SET lock_timeout = '8s';
ALTER ROLE inframind_app SET statement_timeout = '5min';
ALTER ROLE inframind_app SET idle_in_transaction_session_timeout = '2min';
ALTER ROLE inframind_owner SET lock_timeout = '5s';
ALTER ROLE inframind_owner SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE inframind_watch SET statement_timeout = '5s';

SELECT format('CREATE DATABASE %I OWNER inframind_owner ENCODING ''UTF8'' LOCALE ''C.UTF-8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO inframind_app;
GRANT CONNECT ON DATABASE :"database" TO inframind_watch;

\connect :database
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO inframind_owner;
GRANT USAGE ON SCHEMA public TO inframind_app;
