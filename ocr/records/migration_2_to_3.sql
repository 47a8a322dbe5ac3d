-- The search index of version 3, kept counts, days; what it makes is what schema.sql makes.
DROP TRIGGER pages_fts_insert;
DROP TRIGGER pages_fts_delete;
DROP TRIGGER pages_fts_update;
DROP TABLE pages_fts;
ALTER TABLE images ADD COLUMN search_form INTEGER NOT NULL DEFAULT 0;
DROP INDEX images_sha256;
CREATE INDEX images_content ON images (sha256, duplicate_of);
CREATE INDEX images_inode ON images (inode);
CREATE INDEX images_look ON images
  (path, size_bytes, mtime_ns, ctime_ns, inode, status, error_code);
CREATE INDEX images_to_index ON images (id) WHERE search_form < 2;
CREATE INDEX pages_confidence ON pages (confidence);
CREATE TABLE image_counts (
  status        TEXT    NOT NULL,
  has_warning   INTEGER NOT NULL,
  images        INTEGER NOT NULL,
  PRIMARY KEY (status, has_warning)
) WITHOUT ROWID;
CREATE TRIGGER image_counts_insert AFTER INSERT ON images BEGIN
  INSERT INTO image_counts VALUES (new.status, new.warning_code IS NOT NULL, 1)
    ON CONFLICT DO UPDATE SET images = images + 1;
END;
CREATE TRIGGER image_counts_delete AFTER DELETE ON images BEGIN
  UPDATE image_counts SET images = images - 1
   WHERE status = old.status AND has_warning = (old.warning_code IS NOT NULL);
END;
CREATE TRIGGER image_counts_update AFTER UPDATE OF status, warning_code ON images
  WHEN (old.status, old.warning_code IS NOT NULL) <> (new.status, new.warning_code IS NOT NULL)
BEGIN
  UPDATE image_counts SET images = images - 1
   WHERE status = old.status AND has_warning = (old.warning_code IS NOT NULL);
  INSERT INTO image_counts VALUES (new.status, new.warning_code IS NOT NULL, 1)
    ON CONFLICT DO UPDATE SET images = images + 1;
END;
CREATE TABLE found_days (
  day           TEXT    PRIMARY KEY,
  first_id      INTEGER NOT NULL,
  last_id       INTEGER NOT NULL,
  images        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER found_days_insert AFTER INSERT ON images BEGIN
  INSERT INTO found_days VALUES (substr(new.found_at, 1, 10), new.id, new.id, 1)
    ON CONFLICT DO UPDATE SET first_id = min(first_id, new.id), last_id = max(last_id, new.id),
                              images = images + 1;
END;
CREATE VIEW search_texts AS
  SELECT images.id, images.search_form, '/' || images.name AS name,
         (SELECT group_concat(text || coalesce(char(10) || corrected, ''), char(10)) FROM (
            SELECT text, corrected FROM pages
             WHERE image_id = coalesce(images.duplicate_of, images.id) ORDER BY number
         )) AS text
  FROM images;
CREATE VIRTUAL TABLE images_fts USING fts5 (
  text, name, content = '', columnsize = 0, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE grams_fts USING fts5 (
  grams, content = '', detail = 'none', columnsize = 0, tokenize = 'ascii'
);
CREATE TABLE words (
  skeleton TEXT NOT NULL,
  word TEXT NOT NULL,
  image_id INTEGER NOT NULL,
  PRIMARY KEY (skeleton, word)
) WITHOUT ROWID;
CREATE TRIGGER search_image_inserted AFTER INSERT ON images WHEN new.search_form = 0 BEGIN
  INSERT INTO images_fts (rowid, name, text)
    SELECT id, name, text FROM search_texts WHERE id = new.id;
  UPDATE images SET search_form = 1 WHERE id = new.id;
END;
CREATE TRIGGER search_image_deleted BEFORE DELETE ON images WHEN old.search_form = 1 BEGIN
  INSERT INTO images_fts (images_fts, rowid, name, text)
    SELECT 'delete', id, name, text FROM search_texts WHERE id = old.id;
END;
CREATE TRIGGER search_name_leaves BEFORE UPDATE OF name, duplicate_of ON images
  WHEN old.search_form = 1
BEGIN
  INSERT INTO images_fts (images_fts, rowid, name, text)
    SELECT 'delete', id, name, text FROM search_texts WHERE id = old.id;
END;
CREATE TRIGGER search_name_comes AFTER UPDATE OF name, duplicate_of ON images
  WHEN old.search_form = 1
BEGIN
  INSERT INTO images_fts (rowid, name, text)
    SELECT id, name, text FROM search_texts WHERE id = new.id;
END;
CREATE TRIGGER search_page_insert_leaves BEFORE INSERT ON pages BEGIN
  INSERT INTO images_fts (images_fts, rowid, name, text)
    SELECT 'delete', id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = new.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = new.image_id);
END;
CREATE TRIGGER search_page_insert_comes AFTER INSERT ON pages BEGIN
  INSERT INTO images_fts (rowid, name, text)
    SELECT id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = new.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = new.image_id);
END;
CREATE TRIGGER search_page_delete_leaves BEFORE DELETE ON pages BEGIN
  INSERT INTO images_fts (images_fts, rowid, name, text)
    SELECT 'delete', id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = old.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = old.image_id);
END;
CREATE TRIGGER search_page_delete_comes AFTER DELETE ON pages BEGIN
  INSERT INTO images_fts (rowid, name, text)
    SELECT id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = old.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = old.image_id);
END;
CREATE TRIGGER search_page_update_leaves BEFORE UPDATE OF text, corrected ON pages BEGIN
  INSERT INTO images_fts (images_fts, rowid, name, text)
    SELECT 'delete', id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = old.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = old.image_id);
END;
CREATE TRIGGER search_page_update_comes AFTER UPDATE OF text, corrected ON pages BEGIN
  INSERT INTO images_fts (rowid, name, text)
    SELECT id, name, text FROM search_texts
     WHERE search_form = 1 AND id IN (SELECT id FROM images WHERE id = new.image_id UNION ALL SELECT id FROM images WHERE duplicate_of = new.image_id);
END;
CREATE TRIGGER search_image_is_folded BEFORE DELETE ON images WHEN old.search_form = 2 BEGIN
  SELECT raise(ABORT, 'the search index holds this image folded');
END;
CREATE TRIGGER search_name_is_folded BEFORE UPDATE OF name ON images
  WHEN old.search_form = 2 AND old.name <> new.name
BEGIN
  SELECT raise(ABORT, 'the search index holds this name folded');
END;
CREATE TRIGGER search_text_is_folded BEFORE UPDATE OF text, corrected ON pages
  WHEN (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
CREATE TRIGGER search_page_is_folded BEFORE DELETE ON pages
  WHEN (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
CREATE TRIGGER search_page_is_missed BEFORE INSERT ON pages
  WHEN (SELECT search_form FROM images WHERE id = new.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index would not hold this text');
END;
INSERT INTO image_counts
  SELECT status, warning_code IS NOT NULL, count(*) FROM images GROUP BY 1, 2;
INSERT INTO found_days
  SELECT substr(found_at, 1, 10), min(id), max(id), count(*) FROM images GROUP BY 1;
