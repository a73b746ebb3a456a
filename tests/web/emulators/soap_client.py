"""Calls to the Australian wash, put together by hand as common libraries of several languages put them together."""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

ADDRESS = "/emulators/au/dncrtelem/rtw/washing.cfc"
ENV = "http://schemas.xmlsoap.org/soap/envelope/"
ENC = "http://schemas.xmlsoap.org/soap/encoding/"
_SPACES = (
    f'xmlns:soapenv="{ENV}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soapenc="{ENC}" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:rtw="http://rtw.dncrtelem"'
)


def envelope(operation, *, numbers=None, **values):
    """What PHP and .NET clients send: values in their places, with their types."""
    inner = "".join(f'<{name} xsi:type="xsd:string">{escape(value)}</{name}>' for name, value in values.items())
    if numbers is not None:
        listed = "".join(f'<Number xsi:type="xsd:string">{escape(number)}</Number>' for number in numbers)
        inner += (
            f'<NumbersToWash xsi:type="rtw:ArrayOf_xsd_anyType" soapenc:arrayType="xsd:anyType[{len(numbers)}]">'
            f"{listed}</NumbersToWash>"
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope {_SPACES}><soapenv:Header/><soapenv:Body>'
        f'<rtw:{operation} soapenv:encodingStyle="{ENC}">{inner}</rtw:{operation}></soapenv:Body></soapenv:Envelope>'
    )


def envelope_of_axis(operation, *, numbers, **values):
    """What Java clients of the time send: the array stands beside the call and is referred to, as are its members."""
    inner = "".join(f'<{name} xsi:type="xsd:string">{escape(value)}</{name}>' for name, value in values.items())
    members = "".join(f'<n href="#id{place + 1}"/>' for place in range(len(numbers)))
    beside = f'<multiRef id="id0" soapenc:arrayType="xsd:anyType[{len(numbers)}]">{members}</multiRef>' + "".join(
        f'<multiRef id="id{place + 1}" xsi:type="xsd:string">{escape(number)}</multiRef>'
        for place, number in enumerate(numbers)
    )
    return (
        f'<soapenv:Envelope {_SPACES}><soapenv:Body><rtw:{operation}>{inner}<NumbersToWash href="#id0"/>'
        f"</rtw:{operation}>{beside}</soapenv:Body></soapenv:Envelope>"
    )


class SoapClient:
    """An integrator's program: it has an address and credentials, and reads codes and signs."""

    def __init__(self, client, made, *, password=None):
        self._client = client
        self.credentials = {
            "TelemarketerId": made.account.telemarketer_id, "WashOnlyUserId": made.account.wash_only_user_id,
            "TelemarketerPassword": made.password if password is None else password,
        }  # fmt: skip

    def send(self, body, **headers):
        body = body.encode() if isinstance(body, str) else body
        return self._client.post(
            ADDRESS, body, content_type="text/xml; charset=utf-8", headers={"SOAPAction": '""', **headers}
        )

    def balance(self):
        element = self._returned(self.send(envelope("GetAccountBalance", **self.credentials)), "GetAccountBalance")
        return int(element.get("ErrorCode")), element.text

    def wash(self, reference, numbers, *, written=envelope):
        body = written("WashNumbers", **self.credentials, ClientReferenceId=reference, numbers=numbers)
        return self._results(self.send(body), "WashNumbers")

    def result(self, reference):
        body = envelope("GetWashResult", **self.credentials, ClientReferenceId=reference)
        return self._results(self.send(body), "GetWashResult")

    def _results(self, response, operation):
        element = self._returned(response, operation)
        return int(element.get("ErrorCode")), [(number.text, number.get("Result")) for number in element]

    def _returned(self, response, operation):
        root = ET.fromstring(response.content)
        body = root.find(f"{{{ENV}}}Body")
        if (refused := body.find(f"{{{ENV}}}Fault")) is not None:
            assert response.status_code == 500
            raise FaultError(refused.findtext("faultcode"), refused.findtext("faultstring"))
        assert response.status_code == 200
        return body.find(f"{{http://rtw.dncrtelem}}{operation}Response").find(f"{operation}Return")[0]


class FaultError(Exception):
    """The service answered by a fault."""
