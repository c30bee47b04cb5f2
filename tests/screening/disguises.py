"""Ways in which people hide words from filters; each keeps what a reader sees, or nearly so."""
# ruff: noqa: RUF001 (letters that look like others stand here on purpose)

from collections.abc import Callable, Mapping

_CYRILLIC = str.maketrans("aceopxyiAEOPCTXHKMB", "асеорхуіАЕОРСТХНКМВ")
_GREEK = str.maketrans("oviAEOTHKMBN", "ονιΑΕΟΤΗΚΜΒΝ")
_LEET = str.maketrans("aeiostAEIOST", "4310$74310$7")
_LEET_FEW = str.maketrans("eoEO", "3030")
_UNSEEN = "\u200c\u200d\u2060\ufeff"
_ACCENTS = str.maketrans("éèêëàâäîïôöùûüçÉÈÊÀÂÔÙÇ", "eeeeaaaiioouuucEEEAAOUC")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def zero_width(text: str) -> str:
    return "".join(f"{letter}\u200b" if letter.isalnum() else letter for letter in text)


def zero_width_joiners(text: str) -> str:
    return "".join(letter + _UNSEEN[at % 4] if letter.isalnum() else letter for at, letter in enumerate(text))


def cyrillic(text: str) -> str:
    return text.translate(_ACCENTS).translate(_CYRILLIC)


def greek(text: str) -> str:
    return text.translate(_ACCENTS).translate(_GREEK)


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text.translate(_ACCENTS))


def mathematical(text: str) -> str:
    return "".join(map(_bold, text.translate(_ACCENTS)))


def script(text: str) -> str:
    return "".join(_styled(letter, 0x1D4D0, 0x1D4EA) for letter in text.translate(_ACCENTS))


def small_capitals(text: str) -> str:
    table = dict(zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True))
    return "".join(table.get(letter, letter) for letter in text.translate(_ACCENTS).lower())


def marks(text: str) -> str:
    return "".join(f"{letter}\u0336" if letter.isalpha() else letter for letter in text)


def capitals(text: str) -> str:
    return text.translate(_ACCENTS).upper()


def leet(text: str) -> str:
    return "".join(_in_word(text.translate(_ACCENTS), at, _LEET) for at in range(len(text)))


def little_leet(text: str) -> str:
    return "".join(_in_word(text.translate(_ACCENTS), at, _LEET_FEW) for at in range(len(text)))


def spaced(text: str) -> str:
    return " ".join(text)


def spaced_words(text: str) -> str:
    """Each word is spaced, and the words stand three blanks apart; numbers and short words are left."""
    return "   ".join(" ".join(word) if word.isalpha() else word for word in text.split())


def dotted(text: str) -> str:
    return " ".join(".".join(word) if word.isalpha() and len(word) > 3 else word for word in text.split())


def arabic_digits(text: str) -> str:
    return text.translate(_ARABIC)


def _in_word(text: str, at: int, table: Mapping[int, int | str]) -> str:
    """Swap a letter unless its word is an address, a number or a single letter."""
    start = text.rfind(" ", 0, at) + 1
    end = text.find(" ", at)
    word = text[start : end if end >= 0 else len(text)]
    plain = sum(map(str.isalpha, word)) > 2 and not any(sign in word for sign in "@/:#€$£%0123456789")
    return text[at].translate(table) if plain else text[at]


def _bold(letter: str) -> str:
    if letter.isdecimal():
        return chr(0x1D7CE + int(letter))
    return _styled(letter, 0x1D400, 0x1D41A)


def _styled(letter: str, capital: int, small: int) -> str:
    if "A" <= letter <= "Z":
        return chr(capital + ord(letter) - ord("A"))
    return chr(small + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter


WORDS: Mapping[str, Callable[[str], str]] = {
    disguise.__name__: disguise
    for disguise in (
        zero_width,
        zero_width_joiners,
        cyrillic,
        greek,
        full_width,
        mathematical,
        script,
        small_capitals,
        marks,
        capitals,
        leet,
        little_leet,
        spaced,
        spaced_words,
        dotted,
    )
}
NUMBERS: Mapping[str, Callable[[str], str]] = {
    disguise.__name__: disguise
    for disguise in (zero_width, zero_width_joiners, full_width, mathematical, arabic_digits)
}
