from __future__ import annotations

import codecs

import pytest

from quietline.errors import InputError, UsageError
from quietline.tables import Encoding, decode_sample, detect_encoding, encoding_named, encoding_of

CHINESE = [
    "姓名,手机\n张伟,13812345678\n",
    "手机号码\n13812345678\n",
    "陈玥,13812345678\n鑫婷,13912345678\n",
    "客户,地址,电话\n王芳,北京市朝阳区A座3号楼,010-62345678\n",
    "李娜 13812345678",
    "王,1",
    "登记日期：2024年1月1日\n号码：１３８１２３４５６７８\n",
]
WESTERN = [
    "nom,téléphone\nRenée Créée,0142345678\n",
    "Name;Straße;Telefon\nMüller;Königsallee 3;0211 1234567\n",
    "nombre,teléfono\nMuñoz Peña,+34 912 345 678\n",
    "José\n",
    "São João,11987654321\n",
    "Ångström, Björk, Søren\n",
    "ÄÖÜ Straße\n",
    "M\xfcller,1",
    "prix,10 €\n",
]


@pytest.mark.parametrize("text", CHINESE)
def test_short_chinese_lists_are_gb18030(text: str) -> None:
    for encoding in ("gb18030", "gbk"):
        assert detect_encoding(text.encode(encoding), complete=True).name == "gb18030"


@pytest.mark.parametrize("text", WESTERN)
def test_short_western_lists_are_latin_1(text: str) -> None:
    assert detect_encoding(text.encode("cp1252"), complete=True).name == "latin-1"


@pytest.mark.parametrize("text", CHINESE + WESTERN)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16"])
def test_unicode_is_told_with_and_without_a_mark(text: str, encoding: str) -> None:
    data = ((text + "2125551234\n") * 3).encode(encoding)
    found = detect_encoding(data, complete=True)
    assert found.name == {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(encoding, encoding)
    assert bool(found.bom) == (encoding in {"utf-8-sig", "utf-16"})
    assert found.certain
    assert decode_sample(data, found, complete=True) == (text + "2125551234\n") * 3


@pytest.mark.parametrize("text", CHINESE + WESTERN)
def test_a_sample_may_end_within_a_character(text: str) -> None:
    long = text * 5
    for encoding, name in (("utf-8", "utf-8"), ("utf-16-le", "utf-16-le"), ("gb18030", "gb18030")):
        if encoding == "gb18030" and text not in CHINESE:
            continue
        data = long.encode(encoding)
        for end in range(len(text.encode(encoding)) * 3, len(data)):
            found = detect_encoding(data[:end], complete=False)
            assert found.name == name
            assert "\ufffd" not in decode_sample(data[:end], found)


def test_ascii_is_utf_8_and_certain_only_when_all_was_seen() -> None:
    assert detect_encoding(b"2125551234\n", complete=True) == Encoding("utf-8", b"", certain=True)
    assert detect_encoding(b"2125551234\n", complete=False) == Encoding("utf-8", b"", certain=False)
    assert detect_encoding(b"", complete=True).name == "utf-8"


def test_a_few_spoilt_characters_do_not_make_it_another_encoding() -> None:
    data = ("张伟,1\n" * 100).encode() + b"\xff\n"
    assert detect_encoding(data, complete=True) == Encoding("utf-8", b"", certain=False)


def test_utf_32_and_what_is_no_text_are_refused() -> None:
    for data, code in (
        ("abc".encode("utf-32"), "input.encoding"),
        (codecs.BOM_UTF32_BE + b"\0\0\0a", "input.encoding"),
        (bytes(range(32)) * 20, "input.binary"),
        (bytes(1000), "input.binary"),
    ):
        with pytest.raises(InputError) as caught:
            detect_encoding(data, complete=True)
        assert caught.value.code == code
        assert caught.value.advice


def test_single_zero_bytes_in_a_list_are_no_utf_16() -> None:
    assert detect_encoding(b"2125551234,\0\n" * 1 + b"2125551234,a\n" * 50, complete=True).name == "utf-8"


def test_users_words_for_encodings_are_understood() -> None:
    words = {
        "utf8": "utf-8",
        "UTF-8": "utf-8",
        "utf_8": "utf-8",
        "ascii": "utf-8",
        "GBK": "gb18030",
        "gb2312": "gb18030",
        "GB18030": "gb18030",
        "iso-8859-1": "latin-1",
        "cp1252": "latin-1",
        "Windows-1252": "latin-1",
        "latin1": "latin-1",
        "UTF-16": "utf-16",
        "utf-16le": "utf-16-le",
    }
    assert {word: encoding_named(word) for word in words} == words
    with pytest.raises(UsageError) as caught:
        encoding_named("klingon")
    assert caught.value.code == "usage.encoding"
    assert "gb18030" in caught.value.advice


def test_a_wanted_encoding_is_taken_with_its_mark() -> None:
    assert encoding_of(codecs.BOM_UTF8 + b"a", "utf8", complete=True) == Encoding("utf-8", codecs.BOM_UTF8)
    assert encoding_of("a\n".encode("utf-16"), "utf-16", complete=True).bom == codecs.BOM_UTF16_LE
    assert encoding_of("a1\n".encode("utf-16-be"), "utf-16", complete=True) == Encoding("utf-16-be")
    assert encoding_of("王芳".encode("gbk"), "latin1", complete=True) == Encoding("latin-1")
