"""Sentences in many languages as letters and bills have them, and the typefaces that have them."""

from pathlib import Path
from typing import NamedTuple

from drawing.fonts import FACES
from setup_fonts import FOLDERS, FONTS

_NOTO = FONTS / FOLDERS["fonts-noto-core"]
_FREE = FONTS / FOLDERS["fonts-freefont-ttf"]


class Language(NamedTuple):
    """One language."""

    code: str
    """As OCR_LANGUAGES names it."""
    name: str
    faces: tuple[tuple[Path, int], ...]
    """Files, and which typeface of the file."""
    lines: tuple[str, ...]
    is_spelled: bool = False
    """By the models themselves: nothing of it may be marked."""
    right_to_left: bool = False


def _faces(folder: Path, *names: str) -> tuple[tuple[Path, int], ...]:
    return tuple((folder / f"{name}.ttf", 0) for name in names)


_EUROPEAN = (
    *(FACES[name] for name in ("sans", "serif", "sans-bold", "serif-italic", "mono", "wide")),
    *(FACES[name] for name in ("book", "wide-bold")),
    *_faces(_NOTO, "NotoSans-Regular", "NotoSerif-Regular", "NotoSerif-BoldItalic"),
    *_faces(_FREE, "FreeSans", "FreeSerif"),
)
_VIETNAMESE = (
    *(FACES[name] for name in ("wide", "book", "wide-bold")),
    *_faces(_NOTO, "NotoSans-Regular", "NotoSerif-Regular", "NotoSerif-BoldItalic"),
    *_faces(_FREE, "FreeSans", "FreeSerif"),
)
"""Liberation lacks letters."""
_HEBREW = (
    *_faces(_NOTO, "NotoSansHebrew-Regular", "NotoSerifHebrew-Regular", "NotoSansHebrew-Bold"),
    *_faces(_NOTO, "NotoSerifHebrew-Bold"),
    *_faces(_FREE, "FreeSerif"),
)
_ARABIC = _faces(_NOTO, "NotoNaskhArabic-Regular", "NotoNaskhArabic-Bold", "NotoSansArabic-Regular")
_HINDI = _faces(
    _NOTO, "NotoSansDevanagari-Regular", "NotoSerifDevanagari-Regular", "NotoSansDevanagari-Bold"
)
_THAI = _faces(
    _NOTO, "NotoSansThai-Regular", "NotoSerifThai-Regular", "NotoLoopedThai-Regular",
    "NotoSansThai-Bold",
)  # fmt: skip
_KOREAN = (FACES["korean"], (FACES["korean"][0].with_name("NotoSerifCJK-Regular.ttc"), 1))
_CHINESE = (FACES["chinese"], FACES["chinese-serif"], FACES["chinese-bold"])
_JAPANESE = (FACES["japanese"], FACES["japanese-serif"])


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


OTHERS = (
    Language("rus", "Russian", _EUROPEAN, _lines("""
        Счёт на оплату поставлен в очередь
        Срок доставки составляет пять рабочих дней.
        Магазин работает без перерыва с 9 до 20
        Цена
        Сумма к оплате: 1540 рублей
        Уважаемые жители, горячей воды завтра не будет.
        Подпись заказчика
        Большое спасибо за ваше письмо и фотографии""")),
    Language("ukr", "Ukrainian", _EUROPEAN, _lines("""
        Рахунок дійсний протягом десяти днів.
        Ціна вказана з урахуванням податку
        Засідання ради відбудеться у четвер
        Їхній будинок стоїть біля річки, поряд із лісом.
        Кількість
        Дякуємо за покупку, приходьте ще!
        Європейська площа, будинок 14""")),
    Language("bul", "Bulgarian", _EUROPEAN, _lines("""
        Фактурата се плаща в срок от седем дни.
        Обща стойност с данък добавена стойност
        Получател
        Влакът за Пловдив тръгва от втори коловоз
        Заявлението трябва да бъде подписано.
        Благодарим ви, че избрахте нашия хотел""")),
    Language("ell", "Greek", _EUROPEAN, _lines("""
        Η παραγγελία σας θα σταλεί την επόμενη εβδομάδα.
        Σύνολο με φόρο προστιθέμενης αξίας
        Το γραφείο παραμένει κλειστό λόγω αργίας
        Ποσότητα
        Παρακαλούμε κρατήστε την απόδειξη
        Οι εργασίες στο λιμάνι ξεκίνησαν ξανά μετά τη βροχή.""")),
    Language("vie", "Vietnamese", _VIETNAMESE, _lines("""
        Số tiền phải trả được ghi ở cuối trang
        Cảm ơn quý khách đã mua hàng tại đây.
        Địa chỉ giao hàng và số điện thoại
        Chúng tôi sẽ gửi hợp đồng vào thứ sáu tuần tới
        Đơn giá đã bao gồm thuế
        Trường học nằm giữa cánh đồng lúa và dòng sông nhỏ.""")),
    Language("kor", "Korean", _KOREAN, _lines("""
        주문하신 상품은 내일 도착할 예정입니다.
        합계 금액은 부가세를 포함합니다
        영수증을 꼭 보관해 주세요
        수량
        겨울에는 저녁 여섯 시에 문을 닫습니다
        도서관 앞 버스 정류장에서 기다려 주십시오.""")),
    Language("heb", "Hebrew", _HEBREW, _lines("""
        החשבון נשלח אליכם בדואר
        סך הכול לתשלום כולל מע״מ
        המשרד יהיה סגור בימי החג
        כמות
        תודה שקניתם אצלנו ונשמח לראותכם שוב
        הילדים הלכו ברגל מבית הספר אל הספרייה"""), right_to_left=True),
    Language("ara", "Arabic", _ARABIC, _lines("""
        تم إرسال الفاتورة إلى عنوان العميل
        المبلغ الإجمالي شامل الضريبة
        يغلق المكتب أبوابه يوم الجمعة
        الكمية المطلوبة
        شكرا لكم على زيارة متجرنا ونتمنى أن نراكم قريبا
        سافر الطلاب إلى المدينة القديمة لزيارة المتحف"""), right_to_left=True),
    Language("hin", "Hindi", _HINDI, _lines("""
        कुल राशि में कर शामिल है
        आपका सामान कल तक पहुँच जाएगा
        कार्यालय रविवार को बंद रहता है
        मात्रा
        हमारी दुकान पर आने के लिए धन्यवाद
        बच्चे नदी के किनारे पेड़ों के नीचे खेल रहे थे""")),
    Language("tha", "Thai", _THAI, _lines("""
        ยอดรวมทั้งหมดรวมภาษีแล้ว
        สินค้าจะจัดส่งภายในสามวันทำการ
        ร้านปิดทุกวันจันทร์
        จำนวน
        ขอบคุณที่ใช้บริการของเรา
        เด็กๆ เดินไปโรงเรียนริมแม่น้ำทุกเช้า""")),
)  # fmt: skip
"""What a second recogniser reads."""

SPELLED = (
    Language("eng", "English", _EUROPEAN, _lines("""
        The invoice is payable within ten days.
        Total including tax
        Please keep this receipt for your records
        QUANTITY
        Unit price 14.90, discount 5 %
        The ferry leaves from the second pier at noon"""), is_spelled=True),
    Language("deu", "German", _EUROPEAN, _lines("""
        Die Rechnung ist ohne Abzug zahlbar.
        Größe und Gewicht der Sendung
        Straßenverkehrsamt
        Bitte überweisen Sie den Betrag bis Freitag
        STÜCKPREIS 12,50 EUR"""), is_spelled=True),
    Language("fra", "French", _EUROPEAN, _lines("""
        Le bureau reste fermé à Noël et au Nouvel An.
        Quantité livrée
        Veuillez régler la somme dès réception
        Élève inscrit à l'école du château
        REÇU Nº 4411"""), is_spelled=True),
    Language("pol", "Polish", _EUROPEAN, _lines("""
        Należność płatna w ciągu siedmiu dni.
        Źródło światła i łącznik
        Ilość sztuk
        Dziękujemy, że państwo do nas przyszli"""), is_spelled=True),
    Language("ces", "Czech", _EUROPEAN, _lines("""
        Příliš mnoho položek na jedné faktuře
        Děkujeme, že jste nakoupili u nás.
        Množství
        Účtenku prosím uschovejte"""), is_spelled=True),
    Language("tur", "Turkish", _EUROPEAN, _lines("""
        Ödeme yapıldıktan sonra ürünler gönderilir.
        Şubemiz pazar günü kapalıdır
        Toplam tutar
        Işığı açık bırakmayınız"""), is_spelled=True),
    Language("hun", "Hungarian", _EUROPEAN, _lines("""
        A fizetendő összeg tartalmazza az adót.
        Köszönjük a vásárlást
        Mennyiség
        Az őszi gyűlés időpontja megváltozott"""), is_spelled=True),
    Language("spa", "Spanish", _EUROPEAN, _lines("""
        El importe total incluye los impuestos.
        Año de fabricación
        La señora Núñez llegó en el último tren
        CANTIDAD"""), is_spelled=True),
    Language("chi", "Chinese", _CHINESE, _lines("""
        请在收到货物后七天内付款。
        合计金额含税
        数量
        图书馆星期一不开放，请从侧门进入
        电话 4500-118"""), is_spelled=True),
    Language("jpn", "Japanese", _JAPANESE, _lines("""
        ご注文の商品は明日届く予定です。
        合計金額には税が含まれています
        数量
        カードでのお支払いもできます
        駅から歩いて五分のところにあります"""), is_spelled=True),
)  # fmt: skip
"""What the models read themselves."""
EVERY = (*OTHERS, *SPELLED)
