# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the JSON schema of profiles is, and the line by which editors find it."""

from __future__ import annotations

from pathlib import Path

from hal_mpg.profile_files import shared_dir


def schema_file() -> Path:
    """Return the schema's file, in the checkout or installed."""
    return shared_dir() / "profile.schema.json"


def modeline(schema: Path | None = None) -> str:
    """Return the comment that makes an editor check a profile by the schema (yaml-language-server's form).

    `schema`: where it is, from the profile's own folder or as an absolute path; default: where it is here.
    """
    return f"# yaml-language-server: $schema={schema or schema_file()}"
