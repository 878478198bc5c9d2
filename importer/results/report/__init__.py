"""report.html and verify.html: pages that need nothing but themselves.

`templates` hold all HTML, `page` fills them in; `facts` says what a report knows and how it is said,
`charts` draws it.
"""

from importer.results.report.facts import Account as Account
from importer.results.report.facts import Column as Column
from importer.results.report.facts import Example as Example
from importer.results.report.facts import Kind as Kind
from importer.results.report.facts import Origin as Origin
from importer.results.report.facts import Posting as Posting
from importer.results.report.facts import Report as Report
from importer.results.report.facts import Slot as Slot
from importer.results.report.page import prepare as prepare
from importer.results.report.page import write as write
