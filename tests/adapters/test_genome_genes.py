"""Genes from GFF3: parents, spans, phases and strands as written, plain or gzip."""

import gzip

import pytest

from onelot.adapters.genome_genes import read_genes
from onelot.record.errors import BadInput

GFF = """##gff-version 3
# a comment
chr1\tx\tgene\t11\t200\t.\t+\t.\tID=gene1;Name=ABC%2C1
chr1\tx\tmRNA\t11\t200\t.\t+\t.\tID=t1;Parent=gene1;Name=ABC-201
chr1\tx\tmRNA\t11\t90\t.\t+\t.\tID=t2;Parent=gene1
chr1\tx\texon\t11\t50\t.\t+\t.\tParent=t1,t2
chr1\tx\texon\t101\t200\t.\t+\t.\tParent=t1
chr1\tx\tCDS\t101\t150\t.\t+\t2\tID=c1;Parent=t1
chr1\tx\tCDS\t21\t50\t.\t+\t1\tID=c1;Parent=t1
chrM\tx\tCDS\t5\t10\t.\t-\t0\tID=m1;transl_table=2
chrM\tx\tCDS\t15\t40\t.\t-\t1\tID=m1;transl_table=2
other\tx\texon\t5\t10\t.\t-\t.\tParent=elsewhere
##FASTA
>chr1
ACGT
"""


class Lengths:
    digest = ""

    def names(self):
        return ("chr1", "chrM")

    def length(self, name):
        return 300

    def fetch(self, name, start, end):
        return ""


@pytest.mark.parametrize("zipped", [False, True])
def test_reading(tmp_path, zipped):
    path = tmp_path / "g.gff3"
    path.write_bytes(gzip.compress(GFF.encode()) if zipped else GFF.encode())
    genes = read_genes(path, Lengths())
    first, second = genes.at("chr1", 20, 21)
    assert {first.name, second.name} == {"ABC-201", "t2"}
    long = first if first.name == "ABC-201" else second
    short = second if long is first else first
    assert (long.gene, long.exons, long.coding, long.phase) == (
        "ABC,1",
        ((10, 50), (100, 200)),
        ((20, 50), (100, 150)),
        1,
    )
    assert (short.exons, short.coding) == (((10, 50),), ())
    (mito,) = genes.at("chrM", 9, 10)
    # on the - strand translation begins at the right-most span, whose phase counts
    assert (mito.strand, mito.exons, mito.phase, mito.code) == ("-", ((4, 10), (14, 40)), 1, 2)
    assert genes.names_at("chr1", 0, 11) == ("ABC,1",) and genes.names_at("chr1", 0, 10) == ()
    assert genes.at("chr1", 60, 70) == (long,) and genes.at("chr2", 0, 9) == ()


@pytest.mark.parametrize(
    ("line", "word", "number"),
    [
        ("chr1\tx\tCDS\t21\t50\t.\t?\t0\tParent=t", "strand", 2),
        ("chr1\tx\tCDS\t2x\t50\t.\t+\t0\tParent=t", "numbers", 2),
        ("chr1\tx\tCDS\t21\t50\t.\t+\t0\tParent=t;transl_table=99", "genetic code", 2),
        ("chr1\tx\tCDS\t21\t50\t.\t+\t0\tParent=t\nchr1\tx\tCDS\t50\t60\t.\t+\t0\tParent=t", "overlap", 2),
        ("chr1\tx\tCDS\t21\t50\t.\t+\t0\tParent=t\nchr1\tx\tCDS\t60\t70\t.\t-\t0\tParent=t", "different", 3),
    ],
)
def test_refusals_name_the_line(tmp_path, line, word, number):
    path = tmp_path / "g.gff3"
    path.write_text(f"##gff-version 3\n{line}\n")
    with pytest.raises(BadInput, match=word) as refused:
        read_genes(path, Lengths())
    assert refused.value.place == f"{path}, line {number}"
