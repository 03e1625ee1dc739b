"""What senders call their charsets, and what they mean."""

import codecs
import re

ISO_2022_JP = "iso-2022-jp-ms"
EUC_JP = "euc-jp"
CP932 = "cp932"
UTF_8 = "utf-8"
ASCII = "us-ascii"

_GROUPS = {
    UTF_8: "utf-8 utf8 x-utf-8 unicode-1-1-utf-8 unicode-2-0-utf-8 utf-8mb4 utf8mb4 cp65001 windows-65001 utf-8-sig",
    CP932: "shift-jis shiftjis sjis x-sjis x-shift-jis xsjis s-jis ms-kanji mskanji windows-31j csshiftjis "
    "cswindows31j ms932 cp932 cp943 cp943c windows-932 x-ms-cp932 x-mac-japanese shift-jisx0213 shift-jis-2004",
    EUC_JP: "euc-jp eucjp x-euc-jp x-eucjp x-euc eucjp-ms eucjp-win euc-jp-ms cp51932 ujis euc-jis-2004 euc-jisx0213 "
    "cseucpkdfmtjapanese",
    ISO_2022_JP: "iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-2004 iso-2022-jp-ext "
    "iso-2022-jp-ms iso2022jp iso2022-jp x-iso-2022-jp csiso2022jp csiso2022jp2 cp50220 cp50221 cp50222 jis x-jis jis7",
    ASCII: "us-ascii ascii ansi-x3.4-1968 ansi-x3.4-1986 iso-646 iso646-us iso-ir-6 us cp367 usascii 646 us-acsii",
    "cp1252": "iso-8859-1 iso8859-1 iso-88591 8859-1 latin1 latin-1 l1 cp1252 windows-1252 x-ansi ansi cp819 "
    "iso-ir-100 iso-8859-1-windows-3.1-latin-1",
    "gb18030": "gb2312 gb-2312-80 gb2312-80 gbk x-gbk cp936 ms936 windows-936 euc-cn gb18030 gb-18030 chinese "
    "csgb2312 x-euc-cn",
    "cp949": "ks-c-5601 ks-c-5601-1987 ks-c-5601-1989 ksc5601 ksc-5601 euc-kr euckr cseuckr korean cp949 uhc "
    "windows-949 x-windows-949",
    "cp950": "big5 big-5 x-big5 cn-big5 csbig5 cp950 windows-950",
    "utf-7": "utf-7 unicode-1-1-utf-7 unicode-2-0-utf-7 x-unicode-2-0-utf-7 csunicode11utf7",
    "cp874": "tis-620 tis620 iso-8859-11 cp874 windows-874",
    "iso8859-8": "iso-8859-8 iso-8859-8-i iso-8859-8-e",
    "iso8859-6": "iso-8859-6 iso-8859-6-i iso-8859-6-e",
    "mac_roman": "macintosh mac x-mac-roman",
    "utf-16": "utf-16 unicode iso-10646-ucs-2 ucs-2",
    "koi8-r": "koi8-r koi8 cskoi8r",
}
_NAMES = {alias: charset for charset, aliases in _GROUPS.items() for alias in aliases.split()}
# Codecs of Python that are no charset of mail: they execute escapes, or undo something other than text.
_NEVER = {
    "unicode_escape",
    "raw_unicode_escape",
    "unicode-escape",
    "raw-unicode-escape",
    "idna",
    "punycode",
    "undefined",
}
_SEPARATED_NUMBER = re.compile(r"^(cp|windows|ibm)[-_ ]?(\d+)$")


def canonical(name: str | None) -> str | None:
    """Our name for a charset, ``None`` for one that is missing or that nobody knows."""
    plain = (name or "").strip().strip("\"'").strip().lower().replace("_", "-").replace(" ", "-")[:64]
    plain = plain.partition("*")[0]  # RFC 2231 language: utf-8*ja
    if not plain or not plain.isascii() or "\0" in plain:
        return None
    if known := _NAMES.get(plain):
        return known
    if numbered := _SEPARATED_NUMBER.match(plain):
        if known := _NAMES.get(f"cp{numbered[2]}"):
            return known
        plain = f"cp{numbered[2]}"
    try:
        codec = codecs.lookup(plain)
    except (LookupError, ValueError):
        return None
    if not getattr(codec, "_is_text_encoding", True) or codec.name in _NEVER:
        return None
    return _NAMES.get(codec.name.replace("_", "-"), codec.name)
