-- The database of ocr_docker (data/ocr_data.db), schema version 5.
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
  warning       TEXT,                      -- the same in sentences for people
  search_form   INTEGER NOT NULL DEFAULT 0, -- how images_fts holds it: 0 not at all, 1 as it stands,
                                           -- 2 folded; 3 for a moment, while ocr_service changes it; -1 its
                                           -- name folded, its text soon: until then searches compare it
  page_count    INTEGER                    -- of a document: the pages that are to be read; NULL: an image
                                           -- of one page, or not known yet
);
-- A list of one state is looked through without a look at the rows.
CREATE INDEX images_status ON images (status, id, duplicate_of);
-- The list of each state, newest first.
CREATE INDEX images_listed ON images (status, updated_at, id);
-- The originals of a content stand together: one of many copies is not looked for among all.
CREATE INDEX images_content ON images (sha256, duplicate_of);
CREATE INDEX images_duplicate_of ON images (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX images_updated ON images (updated_at, id);
-- Few have a warning: their list, newest first, and their number, without a look at the others.
-- The status comes first, or SQLite takes images_status and looks at every image that is done.
CREATE INDEX images_warned ON images (status, updated_at, id) WHERE warning_code IS NOT NULL;

CREATE INDEX images_inode ON images (inode);
-- All that a look at the folder compares, in the order of the paths.
CREATE INDEX images_look ON images
  (path, size_bytes, mtime_ns, ctime_ns, inode, status, error_code);
-- What the search index does not hold folded: nothing, most of the time.
CREATE INDEX images_to_index ON images (id) WHERE search_form < 2;
-- Documents, whose pages count: what is left is told without a look at the other images.
CREATE INDEX images_documents ON images (status, id) WHERE page_count IS NOT NULL;

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
  doubtful_count INTEGER,                  -- lines in the worst band (doubt.py) that nobody has
                                           -- corrected; NULL: read before version 4, not counted yet
  unspelled_count INTEGER NOT NULL DEFAULT 0, -- of these, lines whose doubt_reason is 'other_script'
  stage         INTEGER NOT NULL DEFAULT 0, -- of a document that is being read: 1 read, 2 read and in the
                                           -- search index, 3 of the reading before, to be replaced
  warning_code  TEXT,                      -- what is doubtful about this page of a document; 'page_unread':
                                           -- it could not be read, and has no text and no size
  warning       TEXT,                      -- the same in sentences for people
  embedded_text TEXT,                      -- the text layer that a PDF came with: searched, never the result
  UNIQUE (image_id, number)
);
-- What is left to do of the documents that are being read: nothing, most of the time.
CREATE INDEX pages_unfinished ON pages (image_id, number, stage) WHERE stage > 0;
CREATE INDEX pages_confidence ON pages (confidence);

-- One row for each text line of a page.
CREATE TABLE lines (
  id            INTEGER PRIMARY KEY,
  page_id       INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,          -- from 1, in reading order
  text          TEXT    NOT NULL,
  confidence    REAL    NOT NULL,          -- 0 to 1
  polygon       TEXT    NOT NULL,          -- JSON: four points in page pixels, [[x, y], …], from the line's top left
  measured_doubt REAL,                     -- from the recogniser's evidence; NULL: none but the confidence is known
  doubt_reason  TEXT,                      -- stable code, e.g. 'other_script': see doubt.py; NULL: none in particular
  alternatives  TEXT,                      -- JSON: other readings of doubtful places, see alternatives.py; NULL: none
  model         TEXT,                      -- what read it when that was not the batch's recogniser
  words         TEXT,                      -- where each of its words begins and ends, see word_boxes.py;
                                           -- NULL: not known, they are divided by their usual widths
  paragraph     INTEGER,                   -- from 1 on its page; NULL: read before there were any
  doubt         REAL GENERATED ALWAYS AS ( -- 0 to 1: the probability that the text is wrong
                  coalesce(measured_doubt, CASE WHEN confidence < 0.75 THEN 0.9
                    WHEN confidence < 0.9 THEN 0.65 WHEN confidence < 0.95 THEN 0.47
                    WHEN confidence < 0.98 THEN 0.24 WHEN confidence < 0.995 THEN 0.1
                    ELSE 0.011 END)) VIRTUAL,
  UNIQUE (page_id, number)
);

-- One row for each table that was found on a page. Its text is that of the lines, too.
CREATE TABLE page_tables (
  id            INTEGER PRIMARY KEY,
  page_id       INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
  number        INTEGER NOT NULL,          -- from 1, in reading order
  polygon       TEXT    NOT NULL,          -- JSON: four points in page pixels, as of a line
  rows          INTEGER NOT NULL,
  columns       INTEGER NOT NULL,
  header_rows   INTEGER NOT NULL DEFAULT 0, -- so many rows at the top are headings
  cells         TEXT    NOT NULL,          -- JSON: [[row, column, rowspan, colspan, text, polygon,
                                           -- [line numbers]], …], row by row, rows and columns from 0;
                                           -- see page_tables.py, which puts corrections in
  UNIQUE (page_id, number)
);

-- A person's reading of a line. The machine's text in lines is never overwritten.
CREATE TABLE corrections (
  id            INTEGER PRIMARY KEY,
  line_id       INTEGER NOT NULL UNIQUE REFERENCES lines (id) ON DELETE CASCADE,
  text          TEXT    NOT NULL,
  created_at    TEXT    NOT NULL
);

-- What people made of a line, the oldest first; before all of it stands the machine's text.
CREATE TABLE line_changes (
  id            INTEGER PRIMARY KEY,
  line_id       INTEGER NOT NULL REFERENCES lines (id) ON DELETE CASCADE,
  text          TEXT,                      -- NULL: the machine's text again
  cause         TEXT    NOT NULL,          -- 'person'; 'reading': what the machine had read here before the image
                                           -- was read again; 'moved': carried over from that reading;
                                           -- 'chosen NAME': a person chose what the model NAME had read
  created_at    TEXT    NOT NULL
);
CREATE INDEX line_changes_line ON line_changes (line_id, id);

-- What people said of the machine's text of a line in a review. It goes with that text.
CREATE TABLE reviews (
  line_id       INTEGER PRIMARY KEY REFERENCES lines (id) ON DELETE CASCADE,
  was_wrong     INTEGER NOT NULL,          -- 0: kept as right
  is_sample     INTEGER NOT NULL,          -- 1: drawn at random, 0: looked at because it was doubtful
  created_at    TEXT    NOT NULL
);

-- Corrections whose line was not found again when the image was read again: kept beside.
CREATE TABLE stray_corrections (
  id            INTEGER PRIMARY KEY,
  image_id      INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  page_number   INTEGER NOT NULL,
  polygon       TEXT    NOT NULL,          -- of the line that it was made for, as in lines
  machine_text  TEXT    NOT NULL,          -- what that line said
  text          TEXT    NOT NULL,
  created_at    TEXT    NOT NULL
);
CREATE INDEX stray_corrections_image ON stray_corrections (image_id, page_number);

-- Pages read once more by other models, on trial: beside the text, until a person takes or drops them.
-- Few and not old. They end when the image is read again, changes or vanishes.
CREATE TABLE trial_readings (
  id            INTEGER PRIMARY KEY,
  image_id      INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
  page_number   INTEGER NOT NULL,
  reading       TEXT    NOT NULL,          -- what was asked for, e.g. 'best', 'model:NAME', 'language:rus'
  state         TEXT    NOT NULL CHECK (state IN ('waiting', 'reading', 'done', 'failed')),
  created_at    TEXT    NOT NULL,
  finished_at   TEXT,
  error_code    TEXT,                      -- of one that failed; with a sentence for people
  error         TEXT,
  provenance    TEXT,                      -- JSON: engine, device, precision, models, parameters, seconds
  page          TEXT,                      -- JSON: the page as it was read, see trial_readings.py
  UNIQUE (image_id, page_number)
);
CREATE TRIGGER trial_readings_end AFTER UPDATE OF status ON images
  WHEN old.status = 'done' AND new.status <> 'done'
BEGIN
  DELETE FROM trial_readings WHERE image_id = old.id;
END;

-- The lines that may well be wrong, for a review that begins with the worst.
CREATE INDEX lines_doubtful ON lines (doubt, id) WHERE doubt >= 0.5;

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

-- How many images there are of each kind, kept as rows change: to count them again takes long.
CREATE TABLE image_counts (
  status        TEXT    NOT NULL,
  has_warning   INTEGER NOT NULL,          -- 1: warning_code is set
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

-- The first and the last id that were found on each day: a search for dates begins in the middle.
CREATE TABLE found_days (
  day           TEXT    PRIMARY KEY,       -- "2026-01-31", UTC
  first_id      INTEGER NOT NULL,
  last_id       INTEGER NOT NULL,
  images        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER found_days_insert AFTER INSERT ON images BEGIN
  INSERT INTO found_days VALUES (substr(new.found_at, 1, 10), new.id, new.id, 1)
    ON CONFLICT DO UPDATE SET first_id = min(first_id, new.id), last_id = max(last_id, new.id),
                              images = images + 1;
END;

-- How many images lie in each folder itself, not counting those in the folders below it.
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

-- What the search knows of each image: its name, with a stroke before it so that each folder of it
-- stands between two, and the text that it shows, a person's corrections after the machine's, a
-- PDF's own text at last. A page of a document counts once the index was told of it (stage).
CREATE VIEW search_texts AS
  SELECT images.id, images.search_form, '/' || images.name AS name,
         (SELECT group_concat(text || coalesce(char(10) || corrected, '')
                              || coalesce(char(10) || embedded_text, ''), char(10)) FROM (
            SELECT text, corrected, embedded_text FROM pages
             WHERE image_id = coalesce(images.duplicate_of, images.id) AND stage IN (0, 2)
             ORDER BY number
         )) AS text
  FROM images;

-- Full-text search, one row for each image: rowid is images.id. The trigram tokenizer finds any
-- substring of three characters or more, in any script. ocr_service fills it with folded texts
-- (text_folding.py), which SQL cannot make: what another program inserts is held as it stands
-- (search_form 1) until ocr_service folds it.
CREATE VIRTUAL TABLE images_fts USING fts5 (
  text, name, content = '', columnsize = 0, tokenize = 'trigram'
);
-- One and two characters, a Chinese word say: each gram as gram_token() of text_folding.py.
CREATE VIRTUAL TABLE grams_fts USING fts5 (
  grams, content = '', detail = 'none', columnsize = 0, tokenize = 'ascii'
);
-- Pieces of an index are joined when there are eight of a size, not four: each page is written again
-- fewer times. What that leaves in pieces is joined when nothing is read.
INSERT INTO images_fts (images_fts, rank) VALUES ('automerge', 8);
INSERT INTO grams_fts (grams_fts, rank) VALUES ('automerge', 8);
-- Every word that was ever read, and two that may be one, for what was misread.
CREATE TABLE words (
  skeleton      TEXT    NOT NULL,          -- with what OCR confuses made alike: text_folding.skeleton()
  word          TEXT    NOT NULL,          -- folded
  image_id      INTEGER NOT NULL,          -- where it was met first; it may have gone from there
  PRIMARY KEY (skeleton, word)
) WITHOUT ROWID;
-- What a doubtful word may say instead, folded, of three letters and digits or more; the line's
-- alternatives tell where. The image may have been read again since.
CREATE TABLE other_words (
  word          TEXT    NOT NULL,
  image_id      INTEGER NOT NULL,
  PRIMARY KEY (word, image_id)
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
-- A folded text must be taken out of the index by ocr_service before it changes: SQL cannot.
CREATE TRIGGER search_image_is_folded BEFORE DELETE ON images WHEN old.search_form = 2 BEGIN
  SELECT raise(ABORT, 'the search index holds this image folded');
END;
CREATE TRIGGER search_name_is_folded BEFORE UPDATE OF name ON images
  WHEN old.search_form = 2 AND old.name <> new.name
BEGIN
  SELECT raise(ABORT, 'the search index holds this name folded');
END;
CREATE TRIGGER search_text_is_folded BEFORE UPDATE OF text, corrected ON pages
  WHEN old.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
CREATE TRIGGER search_page_is_folded BEFORE DELETE ON pages
  WHEN old.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = old.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index holds this text folded');
END;
CREATE TRIGGER search_page_is_missed BEFORE INSERT ON pages
  WHEN new.stage IN (0, 2) AND (SELECT search_form FROM images WHERE id = new.image_id) = 2
BEGIN
  SELECT raise(ABORT, 'the search index would not hold this text');
END;

-- Every image with its pages; a duplicate shows the pages of the image it repeats.
CREATE VIEW page_texts AS
  SELECT images.id AS image_id, images.name, images.status, pages.id AS page_id, pages.number,
         coalesce(pages.corrected, pages.text) AS text, pages.confidence, images.finished_at,
         images.warning
  FROM images JOIN pages ON pages.image_id = coalesce(images.duplicate_of, images.id);
