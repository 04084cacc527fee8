# SPDX-License-Identifier: GPL-2.0-or-later
"""From a machine's INI and HAL files to the HAL file that wires a pendant to it.

`machine_ini` reads what the machine is, `hal_state` what its HAL files have loaded and netted by then,
`advice` says what a click of the wheel will do there, `parts` chooses realtime components that nothing else
uses, `hal_text` writes, `ini_edit` names the file in the INI. All of it is pure, text in, text out, but
`writing`.
"""
