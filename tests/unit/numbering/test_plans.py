"""Plans as files, and as the kernel opens them."""

import random
import subprocess
import sys

import phonenumbers
import pytest

from quietline.errors import UsageError
from quietline.kernel import _kernel
from quietline.numbering import calling_code, compile_plans, countries, country_code, plan, plans
from twins.number_twin import PlanTwin


def test_the_plans_in_the_package_follow_the_installed_library():
    assert plans.plans_release() == plans.library_release() == phonenumbers.__version__


def test_there_is_a_plan_for_every_country_of_the_library():
    assert set(countries()) == phonenumbers.SUPPORTED_REGIONS
    assert all(calling_code(c) == phonenumbers.country_code_for_region(c) for c in countries())


def test_a_country_may_be_written_in_either_case():
    assert country_code(" us ") == "US"
    with pytest.raises(UsageError, match="Write GB"):
        country_code("uk")


def test_the_plans_in_the_package_are_those_that_the_compiler_makes(tmp_path, monkeypatch):
    def everything():
        plans._index.cache_clear()
        plans.plan_blob.cache_clear()
        return [plans.plan_blob(country) for country in countries()]

    packed = everything()
    monkeypatch.setattr(plans, "PACK", tmp_path / "plans.bin")
    compile_plans.write(plans.PACK)  # its bytes may differ: compressors do
    made = everything()
    monkeypatch.undo()
    assert made == packed == everything()


@pytest.mark.parametrize("country", ["US", "GB", "CN", "AR", "TA"])
def test_a_plan_made_on_the_spot_says_the_same_of_its_own_country(country, monkeypatch):
    packed = PlanTwin(plans.plan_blob(country))
    codes = {country: calling_code(country)}
    monkeypatch.setattr(plans, "library_release", lambda: "0.0.0")
    monkeypatch.setattr(plans, "_calling_codes", lambda: codes)
    plans.plan_blob.cache_clear()
    made = PlanTwin(plans.plan_blob(country))
    plans.plan_blob.cache_clear()
    choose = random.Random(5)
    own = str(phonenumbers.country_code_for_region(country))
    for _ in range(3000):
        digits = "".join(choose.choices("0123456789", k=choose.randrange(3, 14)))
        for text in (digits, own + digits, f"+{own}{digits}"):
            assert made.parse(text.encode()) == packed.parse(text.encode())


def test_a_damaged_plan_is_refused_or_harmless_and_the_twin_agrees():
    good = plans.plan_blob("US")
    choose = random.Random(6)
    opened = 0
    for _ in range(150):
        blob = bytearray(good)
        for _ in range(choose.randrange(1, 4)):
            blob[choose.choice([choose.randrange(len(blob)), choose.randrange(3000)])] = choose.randrange(256)
        if choose.random() < 0.2:
            del blob[choose.randrange(len(blob)) :]
        try:
            handle = _kernel.plan(bytes(blob))
        except ValueError:
            with pytest.raises(ValueError, match=r"not|bad|wrong|many"):
                PlanTwin(bytes(blob))
            continue
        opened += 1
        twin = PlanTwin(bytes(blob))
        for _ in range(60):
            text = "".join(choose.choices("+0123456789 ", k=choose.randrange(1, 18))).encode()
            assert kernel_says(handle, text) == twin.parse(text)
    assert opened > 10


@pytest.mark.parametrize("blob", [b"", b"QLPLAN\0\1", b"QLPLAN\0\1" + bytes(88), b"QLPLAN\0\2" + bytes(200), bytes(4096)])
def test_what_is_no_plan_is_refused(blob):
    with pytest.raises(ValueError, match="plan"):
        _kernel.plan(blob)


def test_the_package_and_a_plan_load_without_the_library():
    code = (
        "import sys, quietline.numbering as q; q.plan('US'); q.key_of('+12125551234');"
        "assert q.parse_column(['2125551234'], country='US').library_count == 0;"
        "sys.exit('phonenumbers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_plan_opens():
    for country in countries():
        plans.plan_blob.cache_clear()
        assert _kernel.plan(plans.plan_blob(country)) is not None
    assert plan("us") is plan("us")


def kernel_says(handle, text, extra=0):
    import numpy as np

    keys, statuses = np.zeros(1, np.uint64), np.zeros(1, np.uint8)
    place = np.zeros(1, np.uint32), np.array([len(text)], np.uint32)
    _kernel.parse_numbers(handle, text, *place, extra, keys, statuses)
    return int(statuses[0]), int(keys[0])
