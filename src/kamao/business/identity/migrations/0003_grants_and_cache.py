"""What the roles may do in the schema `public`, an audit trail that is only added to, and the shared cache.

Later tables get the same rights by default privileges of the role that runs the migrations.
"""

from django.db import migrations

GRANTS = """
GRANT USAGE ON SCHEMA public TO kamao_app, kamao_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kamao_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO kamao_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO kamao_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO kamao_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO kamao_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO kamao_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO kamao_reader;
REVOKE UPDATE, DELETE, TRUNCATE ON identity_auditentry FROM kamao_app;
"""

# Lockouts and rate limits must hold in every web process, so the cache is a table (django.core.cache.backends.db).
CACHE = """
CREATE TABLE kamao_cache (
    cache_key varchar(255) CONSTRAINT pk_kamao_cache PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX ix_kamao_cache_expires ON kamao_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_engine_cells")]

    operations = [
        migrations.RunSQL(CACHE, "DROP TABLE kamao_cache"),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
