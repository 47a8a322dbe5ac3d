"""The samples themselves: what is written on each, and how it is laid out.

Every text is the project's own; people, firms and numbers in it are invented. The module is
long because the samples' words stand in it; each page is a function by itself.
"""

import random

from PIL import Image, ImageFilter

from sample_canvas import Canvas

INK, SOFT = "#1d1f23", "#59616d"


def invoice() -> Canvas:
    page = Canvas(1000, 1180)
    page.draw.rectangle((0, 0, 1000, 18), "#1f6f5c")
    page.text(80, 110, "Harbour Light Bicycles", "sans-bold", 44, "#1f6f5c")
    page.text(
        80, 152, "14 Quay Street, Westhaven · workshop@harbourlight.example", size=22, ink=SOFT
    )
    page.text(80, 250, "INVOICE 2041", "sans-bold", 32)
    page.text(920, 250, "3 March 2026", size=26, side="right")
    page.paragraph(80, 300, "Bill to: Miriam Oduya\n7 Lantern Row, Westhaven", 34, size=24)
    page.draw.rectangle((80, 390, 920, 440), "#e6f1ee")
    for x, words in ((100, "Item"), (620, "Qty"), (900, "Amount")):
        page.text(x, 424, words, "sans-bold", 24, side="right" if x == 900 else "left")
    rows = (
        ("Wheel truing, front and rear", "2", "36.00"),
        ("Brake cable, stainless", "1", "9.50"),
        ("Chain, 9 speed", "1", "24.90"),
        ("Bottom bracket service", "1", "42.00"),
        ("Reflective spoke clips", "12", "6.60"),
    )
    y = 490
    for item, quantity, amount in rows:
        page.text(100, y, item, size=25)
        page.text(640, y, quantity, size=25, side="middle")
        page.text(900, y, amount, size=25, side="right")
        page.rule(80, y + 20, 840, "#d5dade", 1)
        y += 62
    for label, amount, style in (
        ("Subtotal", "119.00", "sans"),
        ("Tax 20 %", "23.80", "sans"),
        ("Total due", "142.80", "sans-bold"),
    ):
        page.text(600, y + 20, label, style, 27)
        page.text(900, y + 20, amount, style, 27, side="right")
        y += 50
    page.text(80, 1030, "Please pay within 14 days. Thank you for riding with us!", size=25)
    page.text(80, 1080, "IBAN XX12 3456 7890 1234 5678", "mono", 22, SOFT)
    return page


def newsletter() -> Canvas:
    page = Canvas(1080, 930, "#fbfaf6")
    page.text(540, 110, "The Rooftop Gardener", "serif-bold", 58, side="middle")
    page.rule(70, 140, 940, INK, 3)
    page.text(540, 178, "Letters from above the city · Spring issue", "serif", 24, SOFT, "middle")
    page.rule(70, 200, 940, INK, 1)
    page.text(70, 270, "Tomatoes before June", "serif-bold", 34)
    left = """
        Start the seeds on a bright sill in
        March and keep the soil barely
        damp. When the second pair of
        leaves opens, move each plant into
        a pot of its own. Wind is harder on
        young stems than cold: tie them to
        a cane before you carry them up.

        Water in the morning. A roof dries
        twice as fast as a yard, and leaves
        that stay wet overnight invite
        blight. A saucer of gravel under
        each pot keeps the roots cool.
    """
    page.paragraph(70, 325, left.replace("\n\n", "\n"), 42, "serif", 26)
    page.draw.line((540, 240, 540, 870), "#b9b4a6", 2)
    page.text(580, 270, "Bees are neighbours", "serif-bold", 34)
    right = """
        Three hives now stand behind
        the chimney of number 22. Their
        keeper, Tomasz, asks one favour:
        plant something that flowers late.
        Asters, sedum and ivy feed them
        when the lime trees are done.
    """
    y = page.paragraph(580, 325, right, 42, "serif", 26)
    page.panel(570, y + 5, 440, 290, "#e7efdc")
    page.text(600, y + 60, "Dates", "serif-bold", 32)
    dates = """
        12 April: seed swap, roof 9
        26 April: compost workshop
        10 May: open roofs day
        24 May: repair café
    """
    page.paragraph(600, y + 115, dates, 48, "serif", 26)
    return page


def chinese_letter() -> Canvas:
    page = Canvas(1000, 1000, "#fdfcf8")
    page.text(90, 120, "亲爱的安娜：", "serif", 34)
    body = """
        你好！收到你从 Lisbon 寄来的明信片，我非常高兴。
        上个星期我搬进了新家，窗外有一棵很大的银杏树，
        秋天的时候叶子会变成金黄色。
        我在学校开设了一门新课，叫做“城市与河流”，
        有二十六名学生参加，其中八名来自国外。
        我们每周三下午去河边散步，观察水鸟和老桥。
        五月十八日我会到北京参加 Open Maps 会议，
        如果你也来，我们可以一起吃饺子，再去看胡同。
        随信附上三张照片，希望你喜欢。
    """
    y = page.paragraph(90, 200, body, 66, "serif", 32)
    page.text(90, y + 20, "祝你一切顺利！", "serif", 32)
    page.text(910, y + 80, "你的朋友 林晓雨", "serif", 32, side="right")
    page.text(910, y + 140, "2026年3月9日", "serif", 30, side="right")
    return page


def european_menu() -> Canvas:
    page = Canvas(900, 1060, "#fff9ef")
    page.draw.rectangle((30, 30, 869, 1029), outline="#8a3b2a", width=3)
    page.text(450, 120, "Café Drei Länder", "book-bold", 46, "#8a3b2a", "middle")
    dishes = (
        ("Deutsch", "Käsespätzle mit Röstzwiebeln", "Süße Grießklößchen für Groß und Klein"),
        ("Français", "Soupe à l'oignon gratinée", "Crêpes à la crème brûlée, très légères"),
        ("Español", "Piñones, jamón y queso añejo", "Turrón de Málaga con higos, ¿algo más?"),
        ("Português", "Pão de queijo com maçã", "Açaí, limão e hortelã da estação"),
    )
    y = 205
    for language, first, second in dishes:
        page.text(450, y, language, "book-bold", 28, "#8a3b2a", "middle")
        page.text(450, y + 56, first, "book", 28, side="middle")
        page.text(450, y + 106, second, "book", 28, side="middle")
        page.rule(380, y + 132, 140, "#d9b8a4")
        y += 196
    page.text(450, 985, "Öffnungszeiten: täglich 8-18 Uhr", "book", 24, SOFT, "middle")
    return page


def sideways_notice() -> Canvas:
    page = Canvas(1000, 720)
    page.panel(50, 50, 900, 120, "#16437e")
    page.text(500, 130, "LIFT MAINTENANCE", "sans-bold", 58, "#ffffff", "middle")
    body = """
        The lift in staircase B is out of service
        from Monday 7 to Wednesday 9 September.
        Please use staircase A or the ramp at the
        rear entrance. Deliveries can be left with
        the porter between 8 a.m. and 6 p.m.
        We are sorry for the inconvenience.
    """
    page.paragraph(80, 260, body, 62, "sans", 38)
    page.text(920, 660, "House management, Mill Court", "sans", 28, SOFT, "right")
    page.image = page.image.transpose(Image.Transpose.ROTATE_90)
    return page


def dark_settings() -> Canvas:
    page = Canvas(1040, 680, "#15181e")
    page.draw.rectangle((0, 0, 260, 680), "#1d222b")
    page.text(36, 64, "Preferences", "sans-bold", 28, "#f1f4f8")
    for number, words in enumerate(("General", "Appearance", "Shortcuts", "Storage", "About")):
        if number == 1:
            page.panel(18, 142, 224, 48, "#2b5fd9")
        ink = "#ffffff" if number == 1 else "#a7b0be"
        page.text(40, 120 + 56 * number, words, "sans", 23, ink)
    page.text(310, 80, "Appearance", "sans-bold", 36, "#f1f4f8")
    settings = (
        ("Theme", "Midnight"),
        ("Text size", "16 px"),
        ("Accent colour", "Cobalt"),
        ("Reduce motion", "Off"),
        ("Language", "English (UK)"),
    )
    for number, (name, value) in enumerate(settings):
        top = 116 + 86 * number
        page.panel(310, top, 680, 70, "#222833")
        page.text(338, top + 44, name, "sans", 25, "#e3e8ef")
        page.text(962, top + 44, value, "sans", 25, "#8fb4ff", "right")
    page.text(310, 600, "Changes are saved automatically.", "sans", 21, "#8d96a5")
    page.text(310, 638, "~/.config/lumen/theme.toml", "mono", 20, "#8d96a5")
    return page


def tea_label() -> Canvas:
    page = Canvas(760, 760, "#2f6b4f")
    page.draw.ellipse((60, 60, 700, 700), outline="#cfe6c9", width=5)
    page.text(380, 235, "緑茶", "sans-japanese", 110, "#ffffff", "middle")
    page.text(380, 335, "SENCHA", "sans-bold", 76, "#ffffff", "middle")
    page.text(380, 400, "Green tea from Shizuoka", "sans", 32, "#ffffff", "middle")
    page.rule(280, 430, 200, "#cfe6c9", 3)
    page.text(380, 485, "お湯は80度、1分でどうぞ", "sans-japanese", 30, "#ffffff", "middle")
    page.text(380, 545, "Best before 11/2027", "sans", 28, "#ffffff", "middle")
    page.text(380, 605, "NET WT 100 g", "sans-bold", 34, "#ffffff", "middle")
    return page


def transparent_quote() -> Canvas:
    page = Canvas(900, 420, "#00000000", "RGBA")
    for y, words in ((110, "A map is a promise"), (190, "that someone has been there"),
                     (270, "and came back to tell us.")):  # fmt: skip
        page.text(450, y, words, "serif-bold", 52, "#000000", "middle")
    page.text(450, 360, "From the field notes of Ida Vance", "serif", 28, "#000000", "middle")
    return page


def shop_receipt() -> Canvas:
    page = Canvas(560, 930, "#f4f3ef")
    page.text(280, 80, "CORNER PANTRY", "mono-bold", 40, side="middle")
    page.text(280, 120, "9 Elm Road · Tel 555 0134", "mono", 22, side="middle")
    page.text(280, 156, "2026-02-17 18:42 Till 3", "mono", 22, side="middle")
    items = (
        ("WHOLE MILK 1L", "1.29"),
        ("RYE BREAD", "3.40"),
        ("EGGS FREE RANGE 10", "3.95"),
        ("APPLES 1.244 KG", "2.86"),
        ("OLIVE OIL 500ML", "7.49"),
        ("DARK CHOCOLATE", "2.15"),
        ("COFFEE BEANS 250G", "6.80"),
    )
    y = 230
    for item, price in items:
        page.text(40, y, item, "mono", 26)
        page.text(520, y, price, "mono", 26, side="right")
        y += 52
    page.rule(40, y - 24, 480, INK)
    for item, price, style in (("TOTAL", "27.94", "mono-bold"), ("CASH", "30.00", "mono"),
                               ("CHANGE", "2.06", "mono")):  # fmt: skip
        page.text(40, y + 28, item, style, 32)
        page.text(520, y + 28, price, style, 32, side="right")
        y += 58
    page.text(280, y + 60, "THANK YOU", "mono-bold", 30, side="middle")
    page.text(280, y + 104, "Returns within 30 days", "mono", 22, side="middle")
    return _photographed(page)


def ferry_timetable() -> Canvas:
    page = Canvas(1080, 660)
    page.text(60, 90, "Ferry timetable: Northpier to Gull Island", "sans-bold", 38, "#0d4a6b")
    columns = (60, 300, 500, 700, 900)
    page.draw.rectangle((40, 125, 1040, 185), "#0d4a6b")
    for x, words in zip(columns, ("Sailing", "Departs", "Arrives", "Days", "Fare"), strict=True):
        page.text(x, 166, words, "sans-bold", 27, "#ffffff")
    rows = (
        ("Early Bird", "06:15", "06:58", "Mon-Fri", "8.40"),
        ("Post Boat", "08:30", "09:20", "Daily", "10.20"),
        ("Midday", "12:05", "12:50", "Daily", "10.20"),
        ("School Run", "15:40", "16:22", "Mon-Fri", "8.40"),
        ("Sunset", "19:55", "20:45", "Fri-Sun", "14.00"),
    )
    for number, row in enumerate(rows):
        top = 185 + 70 * number
        if number % 2:
            page.draw.rectangle((40, top, 1040, top + 70), "#e8f1f6")
        for x, words in zip(columns, row, strict=True):
            page.text(x, top + 46, words, "sans", 27)
    page.text(60, 600, "Bicycles travel free. No service on 25 December.", "sans", 25, SOFT)
    return page


def _photographed(page: Canvas) -> Canvas:
    """Soft, slightly tilted and grainy, as a telephone takes it; always the same grain."""
    tilted = page.image.rotate(1.2, Image.Resampling.BICUBIC, fillcolor="#d8d5cd")
    tilted = tilted.filter(ImageFilter.GaussianBlur(0.7))
    grain = random.Random(2)  # noqa: S311  (a picture, no secret)
    bytes_of_grain = bytes(int(grain.gauss(128, 14)) for _ in range(tilted.width * tilted.height))
    noise = Image.frombytes("L", tilted.size, bytes_of_grain).convert("RGB")
    page.image = Image.blend(tilted, noise, 0.12)
    return page
