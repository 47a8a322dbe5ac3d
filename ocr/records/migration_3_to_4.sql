-- Doubt, reasons and alternatives of version 4. No row is written: lines of before get their doubt
-- from the generated column, and pages are counted behind the work (doubtful_lines.count_some).
-- Folders are counted at once: some seconds with a million images.
ALTER TABLE pages ADD COLUMN doubtful_count INTEGER;
ALTER TABLE pages ADD COLUMN unspelled_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lines ADD COLUMN measured_doubt REAL;
ALTER TABLE lines ADD COLUMN doubt_reason TEXT;
ALTER TABLE lines ADD COLUMN alternatives TEXT;
ALTER TABLE lines ADD COLUMN model TEXT;
ALTER TABLE lines ADD COLUMN words TEXT;
ALTER TABLE lines ADD COLUMN paragraph INTEGER;
ALTER TABLE lines ADD COLUMN doubt REAL GENERATED ALWAYS AS (
  coalesce(measured_doubt, CASE WHEN confidence < 0.75 THEN 0.9
                    WHEN confidence < 0.9 THEN 0.65 WHEN confidence < 0.95 THEN 0.47
                    WHEN confidence < 0.98 THEN 0.24 WHEN confidence < 0.995 THEN 0.1
                    ELSE 0.011 END)) VIRTUAL;
CREATE TABLE other_words (
  word TEXT NOT NULL,
  image_id INTEGER NOT NULL,
  PRIMARY KEY (word, image_id)
) WITHOUT ROWID;
INSERT INTO service_state (key, value)
  SELECT 'pages_to_count', CAST(max(id) AS TEXT) FROM pages WHERE true HAVING max(id) IS NOT NULL
  ON CONFLICT DO UPDATE SET value = excluded.value;
CREATE TABLE folder_counts (
  folder        TEXT    PRIMARY KEY,       -- as in images.name, with the stroke at its end; '' is the image folder
  images        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER folder_counts_insert AFTER INSERT ON images BEGIN
  INSERT INTO folder_counts VALUES (rtrim(new.name, replace(new.name, '/', '')), 1)
    ON CONFLICT DO UPDATE SET images = images + 1;
END;
CREATE TRIGGER folder_counts_delete AFTER DELETE ON images BEGIN
  UPDATE folder_counts SET images = images - 1
   WHERE folder = rtrim(old.name, replace(old.name, '/', ''));
END;
CREATE TRIGGER folder_counts_update AFTER UPDATE OF name ON images
  WHEN rtrim(old.name, replace(old.name, '/', '')) <> rtrim(new.name, replace(new.name, '/', ''))
BEGIN
  UPDATE folder_counts SET images = images - 1
   WHERE folder = rtrim(old.name, replace(old.name, '/', ''));
  DELETE FROM folder_counts
   WHERE folder = rtrim(old.name, replace(old.name, '/', '')) AND images = 0;
  INSERT INTO folder_counts VALUES (rtrim(new.name, replace(new.name, '/', '')), 1)
    ON CONFLICT DO UPDATE SET images = images + 1;
END;
INSERT INTO folder_counts
  SELECT rtrim(name, replace(name, '/', '')), count(*) FROM images GROUP BY 1;
INSERT INTO images_fts (images_fts, rank) VALUES ('automerge', 8);
INSERT INTO grams_fts (grams_fts, rank) VALUES ('automerge', 8);
DROP INDEX images_status;
CREATE INDEX images_status ON images (status, id, duplicate_of);
CREATE INDEX images_listed ON images (status, updated_at, id);
-- Documents: pages that come one after the other, and a PDF's own text.
ALTER TABLE images ADD COLUMN page_count INTEGER;
CREATE INDEX images_documents ON images (status, id) WHERE page_count IS NOT NULL;
ALTER TABLE pages ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN warning_code TEXT;
ALTER TABLE pages ADD COLUMN warning TEXT;
ALTER TABLE pages ADD COLUMN embedded_text TEXT;
CREATE INDEX pages_unfinished ON pages (image_id, number, stage) WHERE stage > 0;
DROP VIEW search_texts;
CREATE VIEW search_texts AS
  SELECT images.id, images.search_form, '/' || images.name AS name,
         (SELECT group_concat(text || coalesce(char(10) || corrected, '')
                              || coalesce(char(10) || embedded_text, ''), char(10)) FROM (
            SELECT text, corrected, embedded_text FROM pages
             WHERE image_id = coalesce(images.duplicate_of, images.id) AND stage IN (0, 2)
             ORDER BY number
         )) AS text
  FROM images;
DROP TRIGGER search_text_is_folded;
CREATE TRIGGER search_text_is_folded BEFORE UPDATE OF text, corrected ON pages
  WHEN old.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
DROP TRIGGER search_page_is_folded;
CREATE TRIGGER search_page_is_folded BEFORE DELETE ON pages
  WHEN old.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
DROP TRIGGER search_page_is_missed;
CREATE TRIGGER search_page_is_missed BEFORE INSERT ON pages
  WHEN new.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = new.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index would not hold this text');
END;
CREATE TABLE page_tables (
  id            INTEGER PRIMARY KEY,
  page_id       INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,
  polygon       TEXT    NOT NULL,
  rows          INTEGER NOT NULL,
  columns       INTEGER NOT NULL,
  header_rows   INTEGER NOT NULL DEFAULT 0,
  cells         TEXT    NOT NULL,
  UNIQUE (page_id, number)
);
