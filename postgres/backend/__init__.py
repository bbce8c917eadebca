"""Django's PostgreSQL backend with one more check: `ENGINE = "postgres.backend"`."""
