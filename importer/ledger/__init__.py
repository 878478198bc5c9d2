"""The ledger: attempts before posts, outcomes after, and what was sent by earlier runs.

`Ledger` is what the other rooms see of it; `open_ledger` and `plan_ledger` open one by where it is. Which
database keeps it is nobody's business outside; `sqlite` is the one in a file.
"""

from __future__ import annotations

from importer.ledger.account import ACCOUNT_CHANGED as ACCOUNT_CHANGED
from importer.ledger.account import FIRST as FIRST
from importer.ledger.account import NEWEST as NEWEST
from importer.ledger.account import Account as Account
from importer.ledger.account import AccountLook as AccountLook
from importer.ledger.account import AccountRow as AccountRow
from importer.ledger.account import HadTraits as HadTraits
from importer.ledger.account import PersonRows as PersonRows
from importer.ledger.account import Seal as Seal
from importer.ledger.account import SeenUser as SeenUser
from importer.ledger.dedupe import REKEYED as REKEYED
from importer.ledger.fingerprint import LETTERS as LETTERS
from importer.ledger.fingerprint import Hasher as Hasher
from importer.ledger.fingerprint import RequestsDigest as RequestsDigest
from importer.ledger.fingerprint import in_normal_form as in_normal_form
from importer.ledger.fingerprint import normal as normal
from importer.ledger.jobs import ATTEMPTING as ATTEMPTING
from importer.ledger.jobs import SENDABLE as SENDABLE
from importer.ledger.opening import Where as Where
from importer.ledger.opening import begin_anew as begin_anew
from importer.ledger.opening import existing as existing
from importer.ledger.opening import hold_address as hold_address
from importer.ledger.opening import is_there as is_there
from importer.ledger.opening import look_into as look_into
from importer.ledger.opening import open_ledger as open_ledger
from importer.ledger.opening import plan_ledger as plan_ledger
from importer.ledger.opening import reading as reading
from importer.ledger.opening import size as size
from importer.ledger.queries import Expected as Expected
from importer.ledger.queries import Post as Post
from importer.ledger.reconcile import Alike as Alike
from importer.ledger.reconcile import Doubt as Doubt
from importer.ledger.reconcile import Sent as Sent
from importer.ledger.reconcile import loose as loose
from importer.ledger.retention import Known as Known
from importer.ledger.retention import Purgeable as Purgeable
from importer.ledger.staging import PartLines as PartLines
from importer.ledger.staging import Rows as Rows
from importer.ledger.state import Spool as Spool
from importer.ledger.state import default_folder as default_folder
from importer.ledger.state import prepare as prepare
from importer.ledger.state import secret as secret
from importer.ledger.store import Ledger as Ledger
from importer.ledger.store import Staging as Staging
from importer.ledger.store import Wal as Wal
