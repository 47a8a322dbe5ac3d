"""From one version of the database to the next, as SQL.

What a migration makes of the old form is what `schema.sql` makes of nothing: new columns stand
last, in the same order. Each runs in one transaction with the new version number, so it must be
quick with a million images: what takes long is done behind the work (`search_index.index_some`,
`doubtful_lines.count_some`).
"""

from pathlib import Path


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


MIGRATIONS: dict[int, str] = {
    1: """
        ALTER TABLE images ADD COLUMN warning_code TEXT;
        ALTER TABLE images ADD COLUMN warning TEXT;
        CREATE INDEX images_warned ON images (status, updated_at, id)
          WHERE warning_code IS NOT NULL;
        DROP VIEW page_texts;
        CREATE VIEW page_texts AS
          SELECT images.id AS image_id, images.name, images.status, pages.id AS page_id,
                 pages.number, coalesce(pages.corrected, pages.text) AS text, pages.confidence,
                 images.finished_at, images.warning
          FROM images JOIN pages ON pages.image_id = coalesce(images.duplicate_of, images.id);
    """,
    2: _read("migration_2_to_3.sql"),
    3: _read("migration_3_to_4.sql"),
    4: _read("migration_4_to_5.sql"),
}
"""From version n to n + 1."""
