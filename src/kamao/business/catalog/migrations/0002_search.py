"""The search index: tables of our own lexemes, which the ORM does not describe (see ``search`` and
``indexing``).
"""

from django.db import migrations

SEARCH = """
CREATE TABLE catalog_character (
    character text CONSTRAINT pk_catalog_character PRIMARY KEY,
    simplified text NOT NULL,
    pinyin text NOT NULL
);
CREATE TABLE catalog_search_document (
    sku_id uuid CONSTRAINT pk_catalog_search_document PRIMARY KEY
        CONSTRAINT fk_catalog_search_document_sku REFERENCES catalog_sku ON DELETE CASCADE,
    product_id uuid NOT NULL,
    weight integer NOT NULL,
    name text NOT NULL,
    lexemes tsvector NOT NULL
);
-- No pending list: a search right after a bulk load would have to scan it.
CREATE INDEX ix_catalog_search_document_lexemes ON catalog_search_document USING gin (lexemes)
    WITH (fastupdate = off);
CREATE TABLE catalog_search_term (
    term text CONSTRAINT pk_catalog_search_term PRIMARY KEY,
    deletions text[] NOT NULL
);
CREATE INDEX ix_catalog_search_term_deletions ON catalog_search_term USING gin (deletions) WITH (fastupdate = off);
CREATE TABLE catalog_search_common (
    lexeme text CONSTRAINT pk_catalog_search_common PRIMARY KEY,
    documents integer NOT NULL
);
-- A load analyses what it filled, so that the first search after it is planned well.
GRANT MAINTAIN ON catalog_search_document, catalog_search_term, catalog_sku, catalog_product TO kamao_app;
"""

DROP = "DROP TABLE catalog_search_common, catalog_search_term, catalog_search_document, catalog_character"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunSQL(SEARCH, DROP)]
