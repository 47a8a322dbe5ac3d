"""Whether the search index holds exactly what the images show: every word of it, and no other."""

from collections import Counter

from ocr_contract.text_folding import fold, fold_page, gram_tokens, parted_words, words
from records.database import Connection
from records.search_index import ABSENT, FOLDED, NAMED, PLAIN

_VOCABULARY = """
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.held USING fts5vocab('main', 'images_fts', 'instance');
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.held_grams
      USING fts5vocab('main', 'grams_fts', 'instance');
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.wanted_fts
      USING fts5 (text, name, tokenize = 'trigram');
    CREATE VIRTUAL TABLE IF NOT EXISTS temp.wanted
      USING fts5vocab('temp', 'wanted_fts', 'instance');
    DELETE FROM temp.wanted_fts;
"""


def check_search_index(connection: Connection) -> None:
    """Compared with an index made anew; what is not folded yet must be held as it stands."""
    connection.execute(_VOCABULARY)
    wanted_grams: Counter[tuple[str, int]] = Counter()
    known = {word for (word,) in connection.execute("SELECT word FROM words")}
    rows = connection.execute("SELECT id, search_form, name, text FROM search_texts").fetchall()
    for image_id, form, name, text in rows:
        assert form in (NAMED, ABSENT, PLAIN, FOLDED), "left in the middle of a change"
        if form == ABSENT:
            continue
        shown = (name, "" if form == NAMED else text or "")
        if form in (NAMED, FOLDED):
            shown = (fold(shown[0]), fold_page(shown[1]))
            wanted_grams.update(
                (token, image_id) for token in gram_tokens(shown[0]) | gram_tokens(shown[1])
            )
            wanted = words(shown[1]) | parted_words(shown[1])
            assert {word for word in wanted if 3 <= len(word) <= 32} <= known
        connection.execute(
            "INSERT INTO temp.wanted_fts (rowid, name, text) VALUES (?, ?, ?)", (image_id, *shown)
        )
    instances = 'SELECT term, doc, col, "offset" FROM temp.{} ORDER BY 1, 2, 3, 4'
    held = connection.execute(instances.format("held")).fetchall()
    assert held == connection.execute(instances.format("wanted")).fetchall()
    held_grams = connection.execute("SELECT term, doc FROM temp.held_grams").fetchall()
    assert Counter(held_grams) == wanted_grams
