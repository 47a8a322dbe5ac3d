-- Doubt, reasons and alternatives of version 4. No row is written: lines of before get their doubt
-- from the generated column, and pages are counted behind the work (doubtful_lines.count_some).
ALTER TABLE pages ADD COLUMN doubtful_count INTEGER;
ALTER TABLE pages ADD COLUMN unspelled_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lines ADD COLUMN measured_doubt REAL;
ALTER TABLE lines ADD COLUMN doubt_reason TEXT;
ALTER TABLE lines ADD COLUMN alternatives TEXT;
ALTER TABLE lines ADD COLUMN model TEXT;
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
