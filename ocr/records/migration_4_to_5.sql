-- Trial readings of version 5. No row is written.
CREATE TABLE trial_readings (
  id            INTEGER PRIMARY KEY,
  image_id      INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  page_number   INTEGER NOT NULL,
  reading       TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('waiting', 'reading', 'done', 'failed')),
  created_at    TEXT    NOT NULL,
  finished_at   TEXT,
  error_code    TEXT,
  error         TEXT,
  provenance    TEXT,
  page          TEXT,
  UNIQUE (image_id, page_number)
);
CREATE TRIGGER trial_readings_end AFTER UPDATE OF status ON images
  WHEN old.status = 'done' AND new.status <> 'done'
BEGIN
  DELETE FROM trial_readings WHERE image_id = old.id;
END;
