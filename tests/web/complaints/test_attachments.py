"""Files that strangers send: by content, bounded, sealed, scanned by a real conversation with a scanner's socket."""

from __future__ import annotations

import io
import socket
import socketserver
import struct
import threading

import pytest

from quietline.errors import OperationError
from quietline.web.complaints import attachments, taking
from quietline.web.complaints.attachments import check_files, media_type_of, read_attachment, scan_waiting
from quietline.web.complaints.models import Attachment
from quietline.web.complaints.scanning import Clamd, Verdict, scanner_at
from quietline.web.complaints.sealing import store
from web.complaints.common import AT, PNG, WAV, leaves, report

pytestmark = pytest.mark.django_db
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class _Daemon(socketserver.StreamRequestHandler):
    """What clamd(8) says of its command INSTREAM: it finds one signature, and refuses what is too long."""

    def handle(self):
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while (size := struct.unpack("!L", self.rfile.read(4))[0]) > 0:
            content += self.rfile.read(size)
        if content == WAV:  # one that it can make nothing of
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
            return
        self.wfile.write(b"stream: Eicar-Test FOUND\0" if EICAR in content else b"stream: OK\0")


@pytest.fixture
def daemon(settings, monkeypatch):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Daemon) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setitem(settings.ENVIRONMENT._values, "scanner", f"clamav://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xd9", "image/jpeg"),
        (b"%PDF-1.7\n%%EOF\n", "application/pdf"),
        (WAV, "audio/wav"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(20), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
        (b"\xff\xf1\x50\x80" + bytes(20), "audio/aac"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00", "audio/mp4"),
        (b"OggS\x00\x02" + bytes(20) + b"OpusHead", "audio/ogg"),
        (b"#!AMR\n<", "audio/amr"), (b"#!AMR-WB\n<", "audio/amr-wb"),
        (b"<html><body>", ""), (b"MZ\x90\x00", ""), (b"PK\x03\x04", ""), (b"", ""),
        (b"OggS\x00\x02" + bytes(40) + b"theora", ""),
        (b"\xff\xff\xff\xff", ""), (b"RIFF\x00\x00\x00\x00AVI LIST", ""), (b"\x89PNG\r\n\x1a\n<script>", ""),
    ],
)  # fmt: skip
def test_what_a_file_is_stands_in_its_bytes(content, media_type):
    assert media_type_of(content) == media_type


def test_files_are_bounded_in_number_and_length():
    with pytest.raises(OperationError) as error:
        check_files([io.BytesIO(PNG)] * 4)
    assert error.value.code == "attachment.many"
    for content in (b"", b"ID3" + bytes(attachments.MOST_BYTES)):
        with pytest.raises(OperationError) as error:
            check_files([io.BytesIO(content)])
        assert error.value.code == "attachment.size"


def test_a_file_is_kept_sealed_and_given_back_whole():
    report(files=check_files([io.BytesIO(WAV)]))
    row = Attachment.objects.get()
    assert (row.media_type, row.size_bytes, row.scan) == ("audio/wav", len(WAV), "none")
    with store().open(row.object_path) as kept:
        assert WAV[:12] not in kept.read()
    assert read_attachment(row) == WAV
    assert leaves("attachment") == 1


def test_a_scanner_is_asked_and_what_it_refuses_is_not_kept(daemon):
    bad = b"%PDF-1.7\n" + EICAR + b"\n%%EOF\n"
    report(files=check_files([io.BytesIO(PNG), io.BytesIO(bad)]))
    # taking a report waits for no scanner
    assert set(Attachment.objects.values_list("scan", flat=True)) == {"waiting"}
    assert scan_waiting(AT) == 2
    clean, refused = Attachment.objects.order_by("pk")
    assert (clean.scan, refused.scan) == ("clean", "refused")
    assert (refused.object_path, refused.removed_at) == ("", AT)


def test_a_scanner_that_is_away_delays_and_loses_nothing(settings, monkeypatch, request):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    monkeypatch.setitem(settings.ENVIRONMENT._values, "scanner", f"clamav://127.0.0.1:{closed}")
    complaint = report(files=check_files([io.BytesIO(b"%PDF-1.7\n" + EICAR + b"\n%%EOF\n")]))
    assert Attachment.objects.get().scan == "waiting"
    assert scan_waiting(AT) == 0
    request.getfixturevalue("daemon")
    assert scan_waiting(AT) == 1
    row = Attachment.objects.get()
    assert (row.scan, row.object_path) == ("refused", "")
    assert complaint.attachments.count() == 1


def test_a_file_that_cannot_be_scanned_holds_up_no_other_and_is_called_not_scanned_in_the_end(daemon):
    report(files=check_files([io.BytesIO(WAV)]))
    report(files=check_files([io.BytesIO(PNG)]), on="+12125550124")
    store().remove(Attachment.objects.create(
        complaint=report(files=check_files([io.BytesIO(PNG)]), on="+12125550125"), media_type="image/png", size_bytes=1,
        sha256="0" * 64, object_path="0" * 32, at=AT,
    ).object_path)  # fmt: skip
    assert scan_waiting(AT) == 2
    found = list(Attachment.objects.order_by("pk").values_list("scan", "scan_tries"))
    assert found == [("waiting", 1), ("clean", 0), ("clean", 0), ("waiting", 1)]
    for _turn in range(3):
        assert scan_waiting(AT) == 0
    assert scan_waiting(AT) == 2
    assert [row.scan for row in Attachment.objects.order_by("pk")] == ["none", "clean", "clean", "none"]
    assert scan_waiting(AT) == 0


def test_the_address_of_a_scanner_is_read():
    assert scanner_at("clamav://scanner:3311") == Clamd(host="scanner", port=3311)
    assert scanner_at("clamav:///run/clamd.ctl") == Clamd(path="/run/clamd.ctl")
    for wrong in ("http://scanner", "clamav://", ""):
        with pytest.raises(ValueError, match="clamav"):
            scanner_at(wrong)


def test_a_socket_of_this_machine_will_do(tmp_path):
    path = str(tmp_path / "clamd.ctl")
    with socketserver.ThreadingUnixStreamServer(path, _Daemon) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        assert scanner_at(f"clamav://{path}").scan(PNG) is Verdict.CLEAN
        server.shutdown()
        thread.join()


def test_withdrawing_with_erasure_removes_the_sealed_file(django_capture_on_commit_callbacks):
    complaint = report(files=check_files([io.BytesIO(PNG)]))
    path = Attachment.objects.get().object_path
    with django_capture_on_commit_callbacks(execute=True):
        taking.withdraw(complaint=complaint, at=AT, with_erasure=True)
    from quietline.ledger.objects import ObjectMissing

    with pytest.raises(ObjectMissing):
        store().open(path)
