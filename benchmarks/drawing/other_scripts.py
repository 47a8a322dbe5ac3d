"""Languages beyond English, and Japanese and Chinese set in columns from the right."""

from functools import partial

from drawing.fonts import face
from drawing.recipe import Recipe
from drawing.sheet import Drawing, Sheet

_TURNED = "ー（）「」『』…—"
"""Marks that stand on their side in a column."""
_HUNG = "。、，．"
"""Marks that sit in the upper right of their square."""


def _columns(columns: list[str], px: int, style: str, pitch: float, paper: str, ink: str
             ) -> Drawing:  # fmt: skip
    """Each column is a line; the first stands at the right."""
    width = int(px * pitch * len(columns) + px * 2)
    height = int(px * 1.1 * max(map(len, columns)) + px * 2)
    sheet = Sheet(width, height, paper, ink)
    for number, column in enumerate(columns):
        x = width - px * 1.5 - number * px * pitch
        for place, sign in enumerate(column):
            y = px * (1.5 + 1.1 * place)
            if sign in _TURNED:
                sheet.turned((x, y), sign, px, 270, style)
                sheet.lines.pop()
            elif sign in _HUNG:
                sheet.put((x + px * 0.6, y - px * 0.6), sign, px, style, anchor="mm")
            else:
                sheet.put((x, y), sign, px, style, anchor="mm")
        sheet.lines.append(column)
    return sheet.done()


def _lines(lines: list[str], px: int, style: str) -> Drawing:
    width = int(max(face(style, px).getlength(words) for words in lines) + 2 * px)
    sheet = Sheet(width, int(px * 1.9 * (len(lines) + 0.8)))
    for number, words in enumerate(lines):
        sheet.line((px, px * 1.9 * (number + 1)), words, px, style)
    return sheet.done()


_STORY = [
    "朝の駅は静かだった。雨が止んだ",
    "ばかりで、線路はまだ光っている。",
    "母は小さな鞄を持って、古い時計を",
    "見上げた。「もうすぐ来るよ」と",
    "弟が言った。私は何も答えずに、",
    "遠くの山を見ていた。",
]
_WEATHER = [
    "今日は一日中雨が降り続き、川の水が",
    "少しずつ増えてきた。夕方になると、",
    "村の人たちが橋のそばに集まった。",
]
_NOTICE = ["本日休業", "またのご来店を", "お待ちしております"]
_POEM = ["青山横北郭", "白水遶東城", "此地一為別", "孤蓬萬里征"]
_EURO = {
    "czech": "Dnes večer přijede vlak z Brna až v půl deváté.|Účet prosím zaplaťte do čtvrtka.",
    "polish": "Proszę zapłacić do piątku.|Źródło, łąka, gęś i żółw są w książce.",
    "german": "Die Straße ist wegen Glätte gesperrt.|Grüße aus Köln, Österreich und Fürth!",
    "french": "L'élève a reçu un très beau garçon.|Où êtes-vous né, à Nîmes ou à Besançon ?",
    "turkish": "Işıklar söndü, çocuklar eve gitti.|Şeker ve süt için teşekkürler.",
    "hungarian": "Az őszi szőlő gyönyörű volt.|Köszönjük, hogy betért hozzánk.",
    "spanish": "¿Dónde está el niño? ¡Mañana volverá!|El señor Núñez llegó en el último avión.",
    "russian": "Магазин закрыт до понедельника.|Оплата наличными или картой.",
    "ukrainian": "Їжак біжить лісом.|Ґанок, європейський шлях, її книга.",
    "greek": "Το κατάστημα είναι κλειστό σήμερα.|Ευχαριστούμε για την επίσκεψη.",
    "vietnamese": "Cửa hàng mở cửa từ tám giờ sáng.|Xin cảm ơn quý khách đã ủng hộ.",
}
_ASIAN = {
    "chinese": ("chinese", "今天的会议改到下午三点。|请各位准时参加，谢谢！"),
    "traditional": ("chinese-serif", "圖書館星期一休館。|請於門口還書，謝謝。"),
    "japanese": ("japanese", "明日の午後三時に駅前で会いましょう。|電話番号は変わりません。"),
    "korean": ("korean", "오늘은 오후 다섯 시에 문을 닫습니다.|감사합니다."),
}

RECIPES = [
    *(Recipe("accents", name, partial(_lines, text.split("|"), 26 + number % 3 * 8,
                                      ("wide", "sans", "serif")[number % 3]
                                      if name != "vietnamese" else "wide"))
      for number, (name, text) in enumerate(_EURO.items())),
    *(Recipe("east-asian", name, partial(_lines, text.split("|"), 34, style))
      for name, (style, text) in _ASIAN.items()),
    Recipe("vertical", "story", partial(_columns, _STORY, 44, "japanese-serif", 1.9, "#ffffff",
                                        "#000000")),
    Recipe("vertical", "weather-small", partial(_columns, _WEATHER, 28, "japanese-serif", 1.7,
                                                "#fbf6e9", "#202020")),
    Recipe("vertical", "story-sans", partial(_columns, _STORY[:4], 36, "japanese", 2.2, "#ffffff",
                                             "#303030")),
    Recipe("vertical", "shop-sign", partial(_columns, _NOTICE, 64, "japanese", 1.8, "#7a1020",
                                            "#ffffff")),
    Recipe("vertical", "one-column", partial(_columns, ["営業中いらっしゃいませ"], 72, "japanese",
                                             1.5, "#ffffff", "#a01010")),
    Recipe("vertical", "chinese-poem", partial(_columns, _POEM, 80, "chinese-serif", 1.6, "#ffffff",
                                               "#000000")),
]  # fmt: skip
