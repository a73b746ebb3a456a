"""SOAP 1.1 as far as the Australian wash speaks it: calls are read, answers and faults written (W3C Note, 8 May 2000).

Calls come in the style RPC, encoded by section 5 of the Note, as the service's description demands. A parameter stands in
its place, or elsewhere in the body and is referred to by ``href`` (section 5.4.1), which older Java clients do. Types that a
client writes beside the values are not read.

A call is text of a few kilobytes from somebody unknown. So it has to be UTF-8 of bounded length, depth and number of
elements, and a document type, and with it every entity that is not of XML itself, is refused before anything is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_BYTES", "NAMESPACE", "Call", "SoapError", "fault", "read_call", "response", "wsdl"]

NAMESPACE = "http://rtw.dncrtelem"
"""Of the operations."""
MOST_BYTES = 262_144
"""Longest call."""
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_XSD, _XSI = "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/2001/XMLSchema-instance"
_APACHE = "http://xml.apache.org/xml-soap"
_DEEPEST, _MOST_ELEMENTS, _MOST_TEXT = 12, 2_000, 1_000
_CREDENTIALS = ("TelemarketerId", "WashOnlyUserId", "TelemarketerPassword")
_OPERATIONS = {
    "GetAccountBalance": _CREDENTIALS,
    "WashNumbers": (*_CREDENTIALS, "ClientReferenceId", "NumbersToWash"),
    "GetWashResult": (*_CREDENTIALS, "ClientReferenceId"),
}


class SoapError(Exception):
    """A call cannot be read; ``code`` is what the fault says: ``Client`` or ``VersionMismatch``."""

    def __init__(self, message: str, *, code: str = "Client") -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass(slots=True)
class _Element:
    namespace: str
    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[_Element] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """A call.

    Attributes:
        operation: its name.
        values: of the parameters that are texts, blanks around them taken away; empty where they were not given.
        numbers: of ``NumbersToWash``, as they came.
    """

    operation: str
    values: dict[str, str]
    numbers: tuple[str, ...]


class _Reader:
    """Builds the tree of a call, within bounds."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._count = 0

    def read(self, body: bytes) -> _Element:
        parser = expat.ParserCreate("UTF-8", " ")  # whatever the document says of itself
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            raise SoapError("The call is no well-formed XML in UTF-8.") from error
        assert self.root is not None  # noqa: S101 - a document has a root, else the parser complains
        return self.root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MOST_ELEMENTS or len(self._open) >= _DEEPEST:
            raise SoapError("The call has too many elements.")
        namespace, _, name = tag.rpartition(" ")
        element = _Element(namespace, name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        element = self._open[-1]
        element.text += text
        if len(element.text) > _MOST_TEXT:
            raise SoapError("A value of the call is too long.")

    def _refuse(self, *_: object) -> None:
        raise SoapError("A call has no document type and no processing instructions.")


def read_call(body: bytes) -> Call:
    """Read a call.

    Raises:
        SoapError: it is too long, no XML, no envelope of SOAP 1.1, or calls no operation that there is.
    """
    if len(body) > MOST_BYTES:
        raise SoapError("The call is too long.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SoapError("The call is no well-formed XML in UTF-8.") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SoapError("A call has no document type and no processing instructions.")
    envelope = _Reader().read(text.encode())
    if envelope.name != "Envelope" or envelope.namespace != _ENVELOPE:
        raise SoapError("This is no envelope of SOAP 1.1.", code="VersionMismatch")
    bodies = [child for child in envelope.children if (child.namespace, child.name) == (_ENVELOPE, "Body")]
    if len(bodies) != 1 or not bodies[0].children:
        raise SoapError("The envelope has no body with a call.")
    operation = bodies[0].children[0]
    if operation.namespace != NAMESPACE or operation.name not in _OPERATIONS:
        raise SoapError("There is no such operation; see the service's description.")
    referred = {child.attributes["id"]: child for child in bodies[0].children[1:] if "id" in child.attributes}
    given = {child.name: _resolved(child, referred) for child in operation.children}
    numbers: tuple[str, ...] = ()
    if "NumbersToWash" in given and "NumbersToWash" in _OPERATIONS[operation.name]:
        numbers = tuple(_resolved(child, referred).text.strip() for child in given["NumbersToWash"].children)
    values = {name: given[name].text.strip() for name in _OPERATIONS[operation.name] if name in given}
    return Call(operation.name, {name: values.get(name, "") for name in (*_CREDENTIALS, "ClientReferenceId")}, numbers)


def _resolved(element: _Element, referred: dict[str, _Element]) -> _Element:
    """Give an element, or the one elsewhere in the body that it refers to; one step, so that nothing goes round."""
    reference = element.attributes.get("href", "")
    if not reference:
        return element
    found = referred.get(reference.removeprefix("#"))
    if found is None:
        raise SoapError("A parameter refers to an element that is not there.")
    return found


def response(
    operation: str, *, element: str, attributes: dict[str, str], text: str = "", results: Sequence[tuple[str, str]] = ()
) -> bytes:  # fmt: skip
    """Write an answer: ``<NumbersSubmitted ErrorCode="0"><Number Result="N">0491570156</Number></NumbersSubmitted>``.

    Args:
        operation: that was called.
        element: what the document holds.
        attributes: of it.
        text: in it.
        results: numbers and signs in it.
    """
    named = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    inner = escape(text) + "".join(f"<Number Result={quoteattr(sign)}>{escape(raw)}</Number>" for raw, sign in results)
    return _enveloped(
        f'<ns1:{operation}Response soapenv:encodingStyle="{_ENCODING}" xmlns:ns1="{NAMESPACE}">'
        f'<{operation}Return xsi:type="ns2:Document" xmlns:ns2="{_APACHE}">'
        f"<{element}{named}>{inner}</{element}></{operation}Return></ns1:{operation}Response>"
    )


def fault(code: str, message: str) -> bytes:
    """Write a fault: ``Client`` where sending it again helps nobody, ``Server`` where it may."""
    return _enveloped(
        f"<soapenv:Fault><faultcode>soapenv:{escape(code)}</faultcode><faultstring>{escape(message)}</faultstring>"
        "</soapenv:Fault>"
    )


def _enveloped(inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:xsd="{_XSD}" '
        f'xmlns:xsi="{_XSI}"><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>'
    ).encode()


# -- the description ------------------------------------------------------------------------------------------------------


def wsdl(address: str) -> bytes:
    """Write the description (WSDL 1.1): the names, types, order and encoding of the Australian service.

    Args:
        address: where calls are sent.
    """
    messages = "".join(_message(name, parameters) for name, parameters in _OPERATIONS.items())
    ports = "".join(_port(name, parameters) for name, parameters in _OPERATIONS.items())
    bindings = "".join(_binding(name) for name in _OPERATIONS)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<wsdl:definitions targetNamespace="{NAMESPACE}" xmlns:impl="{NAMESPACE}" xmlns:apachesoap="{_APACHE}" '
        f'xmlns:soapenc="{_ENCODING}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:wsdlsoap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="{_XSD}">'
        f"{_TYPES}{messages}"
        f'<wsdl:portType name="Washing">{ports}</wsdl:portType>'
        '<wsdl:binding name="washing.cfcSoapBinding" type="impl:Washing">'
        f'<wsdlsoap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>{bindings}</wsdl:binding>'
        '<wsdl:service name="WashingService"><wsdl:port binding="impl:washing.cfcSoapBinding" name="washing.cfc">'
        f"<wsdlsoap:address location={quoteattr(address)}/></wsdl:port></wsdl:service></wsdl:definitions>\n"
    ).encode()


_TYPES = (
    f'<wsdl:types><schema targetNamespace="{NAMESPACE}" xmlns="{_XSD}"><import namespace="{_ENCODING}"/>'
    '<complexType name="ArrayOf_xsd_anyType"><complexContent><restriction base="soapenc:Array">'
    '<attribute ref="soapenc:arrayType" wsdl:arrayType="xsd:anyType[]"/></restriction></complexContent></complexType>'
    "</schema></wsdl:types>"
)


def _message(name: str, parameters: Sequence[str]) -> str:
    types = {"NumbersToWash": "impl:ArrayOf_xsd_anyType"}
    parts = "".join(f'<wsdl:part name="{one}" type="{types.get(one, "xsd:string")}"/>' for one in parameters)
    return (
        f'<wsdl:message name="{name}Request">{parts}</wsdl:message>'
        f'<wsdl:message name="{name}Response"><wsdl:part name="{name}Return" type="apachesoap:Document"/></wsdl:message>'
    )


def _port(name: str, parameters: Sequence[str]) -> str:
    return (
        f'<wsdl:operation name="{name}" parameterOrder="{" ".join(parameters)}">'
        f'<wsdl:input message="impl:{name}Request" name="{name}Request"/>'
        f'<wsdl:output message="impl:{name}Response" name="{name}Response"/></wsdl:operation>'
    )


def _binding(name: str) -> str:
    body = f'<wsdlsoap:body encodingStyle="{_ENCODING}" namespace="{NAMESPACE}" use="encoded"/>'
    return (
        f'<wsdl:operation name="{name}"><wsdlsoap:operation soapAction=""/><wsdl:input name="{name}Request">{body}'
        f'</wsdl:input><wsdl:output name="{name}Response">{body}</wsdl:output></wsdl:operation>'
    )
