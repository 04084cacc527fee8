# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of a YAML profile, one module for each: `profile_yaml` has them read what is theirs."""
