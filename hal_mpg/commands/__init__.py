# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools: one module for each subcommand, with `main(arguments) -> exit status`."""
