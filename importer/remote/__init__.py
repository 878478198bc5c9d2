"""Files that lie elsewhere: fetched into a private temporary file, then read like any other.

https and shared Google Sheets need nothing more; `s3://`, `gs://`, `az://` and `sftp://` go through
fsspec and its drivers, which are extras.
"""

from importer.remote.address import Address, is_remote
from importer.remote.fetch import LARGEST, fetched

__all__ = ["LARGEST", "Address", "fetched", "is_remote"]
