"""XML from outside: what is read, what is refused, and that refusing is cheap."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import BadRequest, MusterError, TooLarge
from chalicelib.platforms.windows import untrusted
from chalicelib.platforms.windows.untrusted import Element

CAP = 6_000_000
DOCTYPES = [
    "<!DOCTYPE a><a/>",
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x">%x;]><a/>',
    '<?xml version="1.0"?><!-- - --><!DOCTYPE a><a/>',
]


def read(text: str | bytes) -> Element:
    return untrusted.read(text.encode() if isinstance(text, str) else text, CAP)


def test_names_are_local_whatever_the_prefix() -> None:
    for text in ('<s:a xmlns:s="urn:x"><s:b>1</s:b></s:a>', '<a xmlns="urn:x"><b>1</b></a>'):
        root = read(text)
        assert (root.name, root.namespace, root.text_of("b")) == ("a", "urn:x", "1")


def test_attributes_are_found_by_local_name() -> None:
    root = read('<a xmlns:u="urn:u" u:Id="x" ValueType=" y&amp;z "/>')
    assert dict(root.attributes) == {"Id": "x", "ValueType": " y&z "}
    with pytest.raises(TypeError):
        root.attributes["Id"] = "other"  # type: ignore[index]


def test_comments_instructions_and_cdata_do_not_split_text() -> None:
    root = read("<a>DEV1<!-- -->ATT<?x y?>ACK<![CDATA[<E>]]>R<b>inner</b> tail</a>")
    assert root.text == "DEV1ATTACK<E>R tail"
    assert root.text_of("b") == "inner"


def test_text_is_exact_and_text_of_is_stripped() -> None:
    root = read("<a><b> 1\r\n 2 &lt;&#65; </b></a>")
    assert root.need("b").text == " 1\n 2 <A "
    assert root.text_of("b") == "1\n 2 <A"


def test_paths() -> None:
    root = read("<a><b><c>1</c></b><d/><d/></a>")
    assert root.find("b", "c") == root.need("b").need("c")
    assert root.find("b", "x", "y") is None
    assert root.text_of("x", "c") == ""
    assert len(root.all("d")) == 2
    with pytest.raises(BadRequest, match="a has no b/x"):
        root.need("b", "x")


def test_what_may_stand_once_is_not_chosen_among_two() -> None:
    with pytest.raises(BadRequest, match="more than once"):
        read("<a><b>1</b><x:b xmlns:x='urn:x'>2</x:b></a>").child("b")
    with pytest.raises(BadRequest, match="two attributes"):
        read("<a xmlns:x='urn:x' x:Id='1' Id='2'/>")


@pytest.mark.parametrize("text", DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_no_doctype_in_any_encoding(text: str, encoding: str) -> None:
    with pytest.raises(BadRequest, match="DOCTYPE"):
        read(text.encode(encoding))


@pytest.mark.parametrize("text", ["<a>&x;</a>", "<a b='&x;'/>", "<a>&#0;</a>", "<a>&#1;</a>", "<!ENTITY x 'y'><a/>"])
def test_no_entity_but_the_five(text: str) -> None:
    with pytest.raises(BadRequest):
        read(text)
    assert read("<a>&lt;&gt;&amp;&quot;&apos;</a>").text == "<>&\"'"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encodings_that_are_read(encoding: str) -> None:
    assert read("<ä>€𝄞</ä>".encode(encoding)).text == "€𝄞"
    declared = encoding.removesuffix("-sig").upper().replace("-LE", "LE")
    document = f'<?xml version="1.0" encoding="{declared.removesuffix("-BE")}"?>\n<a>ü</a>'
    assert read(document.encode(encoding)).text == "ü"


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="iso-8859-1"?><a>x</a>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="us-ascii"?><a/>',
        b'<?xml version="1.0" encoding="utf-7"?><a>+ADw-x/+AD4-</a>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        '<?xml version="1.0" encoding="utf-8"?><a/>'.encode("utf-16"),
        b"<a>\xfc</a>",
        b"<a>\xed\xa0\x80</a>",  # a lone surrogate
        "<a/>".encode("utf-32"),
        "<a/>".encode("utf-32-be"),
        b"\xff\xfe<\0a\0/\0>",  # cut in the middle
        "<a>".encode("utf-16") + b"\x00\xd8" + "</a>".encode("utf-16-le"),
        "<a/>".encode("cp500"),
    ],
)
def test_no_other_encoding_declared_or_not(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read(body)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"text", b"<a>", b"<a></b>", b"<a/><a/>", b"<a/>x", b"<a>\0</a>", b"<a>]]></a>", b"<a b=c/>",
     b"<a b='1' b='2'/>", b"<x:a/>", b"<a x:b='1'/>", b"<a:b:c xmlns:a='u'/>", b'<?xml version="1.1"?><a/>',
     b"<a><!-- -- --></a>", b"<a>&</a>", b"<a>\x01</a>", "<a>\ufffe</a>".encode()],
)  # fmt: skip
def test_malformed(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read(body)


def test_limits() -> None:
    assert untrusted.read(b"<a/>", 4).name == "a"
    with pytest.raises(TooLarge):
        untrusted.read(b"<a/>", 3)
    read("<a>" * 64 + "</a>" * 64)
    with pytest.raises(BadRequest, match="deeply"):
        read("<a>" * 65 + "</a>" * 65)
    read("<r>" + "<a/>" * (untrusted.MAX_ELEMENTS - 1) + "</r>")
    for child in ("<a/>" * untrusted.MAX_ELEMENTS, "<a b='1'/>" * 50_000, "<a xmlns='u'/>" * 50_000):
        with pytest.raises(BadRequest, match="too many elements"):
            read("<r>" + child + "</r>")
    read("<a " + " ".join(f"a{n}=''" for n in range(64)) + "/>")
    with pytest.raises(BadRequest, match="attributes"):
        read("<a " + " ".join(f"a{n}=''" for n in range(65)) + "/>")


def _attributes(count: int, form: str = "a{}=''") -> str:
    return "<a " + " ".join(form.format(n) for n in range(count)) + "/>"


@pytest.mark.parametrize(
    "body",
    [
        "<a>" * 1_600_000,
        "<" + "a" * 5_000_000 + "/>",
        _attributes(400_000),
        _attributes(250_000, "xmlns:a{}='u'"),
        "<r xmlns='" + "u" * 2_000_000 + "'>" + "<a/>" * 99_000 + "</r>",
        "<r>" + "&#65;" * 900_000 + "</r>",
        "<r>" + "\n" * 5_000_000 + "</r>",
        "<r>" + "x<!---->" * 600_000 + "</r>",
        "<r>" + "<?p ?>" * 800_000 + "</r>",
        "<r>" + "<a>x</a>" * 99_000 + "</r>",
        "<a><![CDATA[" + "]" * 5_000_000,
    ],
    ids=lambda body: body[:12],
)
def test_time_is_linear_in_the_body(body: str) -> None:
    start = time.process_time()
    with contextlib.suppress(BadRequest):
        read(body)
    assert time.process_time() - start < 5  # 1 s at most on the slowest machine so far; quadratic ones take minutes


def test_nothing_of_the_text_is_in_the_representation() -> None:
    assert "secret" not in repr(read("<a b='secret'>secret<c>secret</c></a>"))


_PIECES = st.sampled_from(
    ["<a>", "</a>", "<a/>", "<?xml version='1.0' encoding='utf-16'?>", "<!DOCTYPE a>", "&amp;", "&x;", "<!--", "-->",
     "<![CDATA[", "]]>", " xmlns:p='", "<p:a ", "'", '"', "\0", "\ufeff", "é", "=", ">"]
)  # fmt: skip
_ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-7"])


@given(st.binary() | st.builds(lambda parts, how: "".join(parts).encode(how), st.lists(_PIECES), _ENCODINGS))
def test_arbitrary_bytes_raise_nothing_else(body: bytes) -> None:
    with contextlib.suppress(MusterError):
        assert isinstance(untrusted.read(body, 10_000), Element)
