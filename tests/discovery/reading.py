"""What a person reads off the exports, made-up and real: tool, header rows, person, score, comment, date.

Written by hand, from the files; a column is named by its letter. "" is: the file has none.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.cases import made
from tests.cases.expected import place


@dataclass(frozen=True, slots=True)
class Read:
    """One file. `person` holds the columns that tell people apart, best first; `hashed` where none of
    them is an id."""

    file: str
    tool: str
    header: tuple[int, ...]
    skipped: tuple[int, ...]
    person: tuple[str, ...]
    score: str
    kind: str
    comment: str
    date: str
    format: str
    hashed: bool = False

    @property
    def path(self) -> str:
        """Where the file lies."""
        return str(place(self.file))


_US = "%m/%d/%Y %I:%M:%S %p"
READ = (
    Read(made.CHOIR, "surveymonkey", (1, 2), (), ("A",), "M", "nps", "N", "D", _US),
    Read(made.GARDENS, "surveymonkey", (1, 2), (), ("A",), "X", "nps", "Y", "D", _US),
    Read(made.RIVERS, "surveymonkey", (1, 2), (), ("A",), "", "", "B", "", ""),
    Read(made.GERMAN, "qualtrics", (1,), (2, 3), ("I",), "", "", "S", "H", "iso"),
    Read(made.LEGACY, "qualtrics_legacy", (1,), (2,), ("A",), "", "", "L", "I", "iso"),
    Read(made.TESTS_ONLY, "qualtrics_2016", (1,), (2, 3), ("A",), "", "", "AI", "E", "iso"),
    Read(
        *(made.KITCHENS, "google_forms", (1,), (), ("A",), "W", "csat", "V", "A", "iso"),
        hashed=True,
    ),
    Read(
        *(made.TEACHERS, "google_forms", (1,), (), ("A",), "C", "csat", "I", "A"),
        "%m/%d/%Y %H:%M:%S",
        hashed=True,
    ),
    Read(*(made.WORKSHOP, "alchemer", (1,), (), ("B",), "", "", "E", "B", "iso"), hashed=True),
    Read(made.SHOP, "", (1,), (), ("B",), "C", "nps", "F", "", ""),
    Read(made.SHOP_BOOK, "", (1,), (), ("B",), "C", "nps", "F", "", ""),
)
"""The made-up files."""
REAL_READ = (
    Read(
        "surveymonkey/CNCF_Ambassadors_Survey_2021.csv",
        "surveymonkey",
        (1, 2),
        (),
        ("A",),
        "M",
        "nps",
        "N",
        "D",
        _US,
    ),
    Read(
        "surveymonkey/CNCF_Maintainers_Survey_2021_H2.csv",
        "surveymonkey",
        (1, 2),
        (),
        ("A",),
        "X",
        "nps",
        "Y",
        "D",
        _US,
    ),
    Read("surveymonkey/SOUTH.csv", "surveymonkey", (1, 2), (), ("A",), "", "", "B", "", ""),
    Read(
        "qualtrics/qualtRics_sample_de.csv",
        "qualtrics",
        (1,),
        (2, 3),
        ("I",),
        "",
        "",
        "S",
        "H",
        "iso",
    ),
    Read(
        "qualtrics/qualtRics_sample_legacy.csv",
        "qualtrics_legacy",
        (1,),
        (2,),
        ("A",),
        "",
        "",
        "L",
        "I",
        "iso",
    ),
    Read(
        "qualtrics/Better_Sample_Survey_Better_Sample_Survey.csv",
        *("qualtrics_2016", (1,), (2, 3), ("A",), "", "", "AI", "E", "iso"),
    ),
    Read(
        "google_forms/dask_2019.csv",
        "google_forms",
        (1,),
        (),
        ("A",),
        "W",
        "csat",
        "V",
        "A",
        "iso",
        hashed=True,
    ),
    Read(
        "google_forms/cncf_maintainer_2018_results-h1.csv",
        *("google_forms", (1,), (), ("A",), "C", "csat", "I", "A", "%m/%d/%Y %H:%M:%S"),
        hashed=True,
    ),
    Read(
        "alchemer/jupyter_notebook_ux_2015_SurveyExport.csv",
        *("alchemer", (1,), (), ("B",), "", "", "E", "B", "iso"),
        hashed=True,
    ),
    Read(
        "nps/botanic_semicolon_cp1252_decimal_comma.csv",
        "",
        (1,),
        (),
        ("B",),
        "C",
        "nps",
        "F",
        "",
        "",
    ),
    Read("nps/botanic_numbers_13954.xlsx", "", (1,), (), ("B",), "C", "nps", "F", "", ""),
)
"""Every real file that holds responses of single people."""
