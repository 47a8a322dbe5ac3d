-- The database of ocr_docker (data/ocr_data.db), schema version 2.
--
-- ocr_service is the only writer. Everybody else opens the file read-only:
--     sqlite3 "file:data/ocr_data.db?mode=ro"
-- Times are UTC text, "2026-01-31T12:00:00.000Z", so that they sort and read as they stand.
-- A reader who wants every text with its file name needs one view: page_texts (at the end).

PRAGMA application_id = 1329812052;  -- "OCRT"

-- One row for each file that was ever seen in the image folder.
CREATE TABLE images (
  id            INTEGER PRIMARY KEY,
  path          BLOB    NOT NULL UNIQUE,   -- relative to the image folder; raw bytes, need not be UTF-8
  name          TEXT    NOT NULL,          -- the same path for people: valid, printable Unicode
  size_bytes    INTEGER NOT NULL,
  mtime_ns      INTEGER NOT NULL,          -- with size, ctime and inode: "has the file changed since?"
  ctime_ns      INTEGER NOT NULL,
  inode         INTEGER NOT NULL,
  sha256        TEXT,                      -- of the content, hex; NULL when the file could not be read
  status        TEXT    NOT NULL CHECK (status IN
                  ('pending', 'processing', 'done', 'failed', 'quarantined', 'ignored', 'missing')),
  attempts      INTEGER NOT NULL DEFAULT 0,  -- how often the worker ended on it, or had no memory for it
  error_code    TEXT,                      -- stable, for programs; see ocr/ocr_errors.py
  error         TEXT,                      -- one sentence for people, with the remedy
  duplicate_of  INTEGER REFERENCES images (id),  -- same content: the text stands under that image
  batch_id      INTEGER REFERENCES batches (id), -- the batch that read it
  found_at      TEXT    NOT NULL,          -- first seen
  updated_at    TEXT    NOT NULL,          -- last change of this row
  finished_at   TEXT,                      -- last time its text was stored
  warning_code  TEXT,                      -- what is doubtful about its text, for programs; NULL: nothing.
                                           -- It belongs to the text: it comes, stays and goes with the pages
  warning       TEXT                       -- the same in sentences for people
);
CREATE INDEX images_status ON images (status, id);
CREATE INDEX images_sha256 ON images (sha256);
CREATE INDEX images_duplicate_of ON images (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX images_updated ON images (updated_at, id);
-- Few have a warning: their list, newest first, and their number, without a look at the others.
-- The status comes first, or SQLite takes images_status and looks at every image that is done.
CREATE INDEX images_warned ON images (status, updated_at, id) WHERE warning_code IS NOT NULL;

-- One row for each page of an image (formats with several pages have several).
CREATE TABLE pages (
  id            INTEGER PRIMARY KEY,
  image_id      INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,          -- from 1
  width         INTEGER NOT NULL,          -- pixels of the upright page; polygons are measured in them
  height        INTEGER NOT NULL,
  rotation      INTEGER NOT NULL DEFAULT 0 CHECK (rotation IN (0, 90, 180, 270)),
                                           -- degrees, counter-clockwise, that made the stored picture upright
  text          TEXT    NOT NULL,          -- all lines in reading order, joined by line feeds
  corrected     TEXT,                      -- the same with the corrections applied; NULL when there are none
  line_count    INTEGER NOT NULL,
  confidence    REAL,                      -- mean over the lines, 0 to 1; NULL when there are no lines
  preview       TEXT,                      -- file under data/previews/; NULL when none could be made
  thumbnail     TEXT,                      -- likewise
  seconds       REAL    NOT NULL DEFAULT 0, -- this page's share of its batch's wall time
  UNIQUE (image_id, number)
);

-- One row for each text line of a page.
CREATE TABLE lines (
  id            INTEGER PRIMARY KEY,
  page_id       INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,          -- from 1, in reading order
  text          TEXT    NOT NULL,
  confidence    REAL    NOT NULL,          -- 0 to 1
  polygon       TEXT    NOT NULL,          -- JSON: four points in page pixels, [[x, y], …], from the line's top left
  UNIQUE (page_id, number)
);

-- A person's reading of a line. The machine's text in lines is never overwritten.
CREATE TABLE corrections (
  id            INTEGER PRIMARY KEY,
  line_id       INTEGER NOT NULL UNIQUE REFERENCES lines (id) ON DELETE CASCADE,
  text          TEXT    NOT NULL,
  created_at    TEXT    NOT NULL
);

-- Provenance: what read which images, when, and how.
CREATE TABLE batches (
  id            INTEGER PRIMARY KEY,
  started_at    TEXT    NOT NULL,
  finished_at   TEXT,                      -- NULL: in work, or it did not survive
  images        INTEGER NOT NULL,          -- how many were claimed
  pages         INTEGER NOT NULL DEFAULT 0, -- how many were read
  seconds       REAL,                      -- wall time in the worker
  engine        TEXT,                      -- e.g. "onnxruntime 1.32.0"
  device        TEXT,                      -- e.g. "cpu"
  precision     TEXT,                      -- e.g. "f32"
  models        TEXT,                      -- JSON: {"PP-OCRv6_small_det": "<sha256>", …}
  parameters    TEXT                       -- JSON: every parameter that can change the text
);

-- Requests over the socket that changed something. A retried request_id finds its reply here.
CREATE TABLE requests (
  request_id    TEXT    PRIMARY KEY,
  action        TEXT    NOT NULL,
  reply         TEXT    NOT NULL,          -- JSON
  created_at    TEXT    NOT NULL
) WITHOUT ROWID;

-- What must survive a restart of the service, e.g. ('paused', '1').
CREATE TABLE service_state (
  key           TEXT    PRIMARY KEY,
  value         TEXT    NOT NULL
) WITHOUT ROWID;

-- Full-text search over every page. The trigram tokenizer finds any substring of three characters
-- or more, in any script; shorter ones need LIKE.
CREATE VIRTUAL TABLE pages_fts USING fts5 (
  text, corrected, content = 'pages', content_rowid = 'id', tokenize = 'trigram'
);
CREATE TRIGGER pages_fts_insert AFTER INSERT ON pages BEGIN
  INSERT INTO pages_fts (rowid, text, corrected) VALUES (new.id, new.text, new.corrected);
END;
CREATE TRIGGER pages_fts_delete AFTER DELETE ON pages BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text, corrected)
  VALUES ('delete', old.id, old.text, old.corrected);
END;
CREATE TRIGGER pages_fts_update AFTER UPDATE OF text, corrected ON pages BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text, corrected)
  VALUES ('delete', old.id, old.text, old.corrected);
  INSERT INTO pages_fts (rowid, text, corrected) VALUES (new.id, new.text, new.corrected);
END;

-- Every image with its pages; a duplicate shows the pages of the image it repeats.
CREATE VIEW page_texts AS
  SELECT images.id AS image_id, images.name, images.status, pages.id AS page_id, pages.number,
         coalesce(pages.corrected, pages.text) AS text, pages.confidence, images.finished_at,
         images.warning
  FROM images JOIN pages ON pages.image_id = coalesce(images.duplicate_of, images.id);
