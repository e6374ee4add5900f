"""The ways a text can be read: as it is, without disguise, and what is encoded in it."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
BETWEEN_LETTERS = re.compile("(?<=[A-Za-z])[\u00ad\u200b-\u200f\u2060-\u2064\ufeff](?=[A-Za-z])")
REVERSED = re.compile("[\u202d\u202e]")
FLAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")  # England's is made of tags too
TAGS = re.compile("[\U000e0020-\U000e007e]+")
BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w+/=-])")
HEX = re.compile(r"(?<!\w)(?:[0-9a-fA-F]{2}){20,}(?!\w)")
ESCAPED = re.compile(r"(?:\\(?:x[0-9a-fA-F]{2}|u\{?[0-9a-fA-F]{4}\}?)){8,}")
WORD = re.compile(r"[^\W\d_]+")
WITH_DIGITS, LETTER = re.compile(r"[a-z013457@$!]+"), re.compile("[a-z]")
APART = re.compile(r"(?<!\w)(?:\w[ .*_|-]{1,3}){7,}\w(?!\w)")
# Letters of other scripts that look like ours.
TWINS = str.maketrans(
    "абвгеѕіјкмнорстухԁԛԝһӏАВЕЅІЈКМНОРСТУХαβεικνορτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "abbresijkmhopctyxdqwhlABESIJKMHOPCTYXabeiknoptuxyABEZHIKMNOPTYX",
)
DIGITS_FOR_LETTERS = str.maketrans("013457@$!", "oieastasi")
QUOTES = str.maketrans("‘’‚“”„´«»", '\'\'\'"""\'""')


def plain(text: str) -> str:
    """In small Latin letters where it only looks like them, without accents, invisible letters and double spaces."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text.translate(QUOTES)))
    text = WORD.sub(lambda word: without_twins(word[0]), text)
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(text.lower().split())


def without_twins(word: str) -> str:
    """Only of words that mix scripts: those of Greek and Russian stay as they are."""
    return word.translate(TWINS) if mixes_scripts(word) else word


def mixes_scripts(word: str) -> bool:
    latin = any(letter.isascii() for letter in word)
    return latin and any("\u0370" <= letter <= "\u052f" for letter in word)


def undigited(text: str) -> str:
    """`1gn0re` as it is meant; the same text where no word mixes digits and letters."""
    return WITH_DIGITS.sub(
        lambda word: word[0].translate(DIGITS_FOR_LETTERS) if LETTER.search(word[0]) else word[0], text
    )


def letters_apart(text: str) -> str:
    """Of `I g n o r e   t h i s`: the letters without what stands between them."""
    found = APART.findall(unicodedata.normalize("NFKC", text))
    return " ".join(re.sub(r"[\W_]+", "", run).lower() for run in found)


def in_tags(text: str) -> str:
    """What is written in Unicode's invisible tags."""
    runs = TAGS.findall(FLAGS.sub("", text))
    return "".join(chr(ord(tag) - 0xE0000) for run in runs for tag in run)


def encoded(text: str) -> Iterator[str]:
    """Texts that are in it as base64, hexadecimal digits or escapes such as `\\x41`."""
    for found in ESCAPED.finditer(text):
        yield "".join(chr(int(code, 16)) for code in re.findall(r"[xu]\{?([0-9a-fA-F]+)", found[0]))
    for found in HEX.finditer(text):
        yield from readable(bytes.fromhex(found[0]))
    for found in BASE64.finditer(text):
        digits = found[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from readable(base64.b64decode(digits + "=" * (-len(digits) % 4)))
        except binascii.Error:
            continue


def readable(data: bytes) -> Iterator[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    if all(letter.isprintable() or letter.isspace() for letter in text):
        yield text
