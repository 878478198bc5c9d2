"""The data that comes with the program: presets and sample exports.

In the wheel they lie under `importer/_shipped/`; in a checkout at its top level.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent
_ROOT = _PACKAGE / "_shipped" if (_PACKAGE / "_shipped").is_dir() else _PACKAGE.parent

MAPPINGS = _ROOT / "mappings"
"""One YAML document per survey tool."""
SAMPLES = _ROOT / "sample_data"
"""One small made-up export per preset, and an ugly one."""
