"""Supplied files cost no more than they say: what swells when it is unpacked is refused before it is read."""

from __future__ import annotations

import gzip
import io
import time

import pytest
from fastapi import UploadFile

from onelot.app.web.supplied import MOST_BYTES, MOST_UNPACKED, supplied
from onelot.record.errors import BadInput

HEAD = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
LINE = b"1\t1\t.\tA\tC\t.\tPASS\t.\tGT\t0/1\n"


def file(data: bytes, name: str = "p.vcf.gz") -> UploadFile:
    return UploadFile(io.BytesIO(data), filename=name)


def test_an_archive_made_to_swell_is_refused_at_once() -> None:
    part = gzip.compress(LINE * (MOST_UNPACKED // len(LINE) // 4))
    swollen = gzip.compress(HEAD) + part * 40
    assert len(swollen) < MOST_BYTES
    began = time.process_time()
    with pytest.raises(BadInput, match="unpacked") as refused, supplied([file(swollen)]):
        raise AssertionError
    assert refused.value.place == "p.vcf.gz" and time.process_time() - began < 3


@pytest.mark.parametrize(
    "data",
    [gzip.compress(HEAD + LINE), gzip.compress(HEAD)[:40], b"\x1f\x8b" + b"\x00" * 50],
    ids=["whole", "cut off", "empty"],
)
def test_a_packed_file_of_its_size_is_left_to_its_reader(data: bytes) -> None:
    with supplied([file(data)]) as found:
        assert found.vcf is not None and found.vcf.read_bytes() == data
