# SPDX-License-Identifier: GPL-2.0-or-later
"""What HAL commands a Tcl file would carry out, by evaluating it where it can do nothing.

A configuration's Tcl files compute their HAL commands (LinuxCNC's basic_sim.tcl loops over the joints), so
reading the text is not enough. They are evaluated by tclsh, which LinuxCNC brings along, in a safe
interpreter (interp(3tcl)): no program can be started there and no file written, and HAL commands are noted
instead of carried out. What a file asks of the running HAL has no answer here, so what it then does is not
known; that is told.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hal_mpg.linuxcnc_files.ini import IniFile

LIMIT_S = 10.0
"""How long a file may take; LinuxCNC's own take a tenth of a second."""

SEPARATOR = "\x1f"

COMMANDS = """addf alias debug delf delsig echo exit getp help linkpp linkps linksp loadrt loadusr lock net
newsig print ptype quit save setp sets show start status stop stype unalias unecho unlinkp unload unloadrt
unloadusr unlock waitusr"""

HARNESS = r"""
proc say {args} {
    set words {}
    foreach word $args { lappend words [string map {"\n" " " "\r" " " "\x1f" " "} $word] }
    puts stdout [join $words "\x1f"]
}
set box [interp create -safe]
proc where {} { global box; return [interp eval $box {info script}] }
proc doHal {name args} {
    global set_values
    if {$name eq "getp" || $name eq "gets"} {
        set pin [lindex $args 0]
        if {[info exists set_values($pin)]} { return $set_values($pin) }
        say asked [where] $name {*}$args
        return 0
    }
    if {$name eq "setp"} { set set_values([lindex $args 0]) [lindex $args 1] }
    if {$name eq "save"} { return "" }
    if {$name eq "list" || $name eq "show" || $name eq "status"} {
        say asked [where] $name {*}$args
        return ""
    }
    if {$name eq "--commands"} { return "@COMMANDS@" }
    say hal [where] $name {*}$args
    return ""
}
proc doSet {name pin args} {
    global box
    set text [join $args " "]
    if {[catch {interp eval $box [list expr $text]} value]} { set value $text }
    return [doHal $name $pin $value]
}
proc doSource {args} {
    global box
    return [interp invokehidden $box source [lindex $args end]]
}
proc doFile {what args} {
    if {$what in {join rootname tail dirname extension split normalize exists readable isfile isdirectory}} {
        return [file $what {*}$args]
    }
    return 0
}
proc doAsked {name args} { say asked [where] $name {*}$args; return "" }
proc doNothing {args} { return "" }
proc doOpen {args} { return nowhere }
proc doGets {channel args} {
    global box
    if {[llength $args]} { interp eval $box [list set [lindex $args 0] ""]; return -1 }
    return ""
}
proc doExit {args} { return -code error -errorcode MPGEXIT "the file ends itself" }
foreach name {@COMMANDS@} {
    if {$name ni {setp sets exit}} { interp alias $box $name {} doHal $name }
}
interp alias $box hal {} doHal
interp alias $box setp {} doSet setp
interp alias $box sets {} doSet sets
interp alias $box source {} doSource
interp alias $box file {} doFile
interp alias $box exec {} doAsked exec
interp alias $box glob {} doAsked glob
foreach name {puts close flush parse_ini fconfigure after update cd vwait} {
    interp alias $box $name {} doNothing
}
proc doPackage {args} { return 1.0 }
proc doTrue {args} { return 1 }
interp alias $box package {} doPackage
interp alias $box pwd {} pwd
interp eval $box {namespace eval ::tp {}}
interp alias $box ::tp::passnumber {} doTrue
interp alias $box open {} doOpen
interp alias $box gets {} doGets
interp alias $box read {} doGets
interp alias $box eof {} doTrue
interp alias $box exit {} doExit
"""


RUN = r"""
if {[catch {interp invokehidden $box source $file} message options]} {
    set code [dict get $options -errorcode]
    say [expr {$code eq "MPGEXIT" ? "ended" : "failed"}] $file $message
}
"""


class TclRun(NamedTuple):
    """`commands`: the words of each HAL command, and the file that gave it, in order.

    `why`: what keeps this from being all that the file does; empty where nothing does.
    """

    commands: tuple[tuple[Path, tuple[str, ...]], ...]
    why: str


def evaluate(file: Path, arguments: Sequence[str], ini: IniFile, hallib: Path) -> TclRun:
    """Return what HAL commands a Tcl file gives on its own. Never raises for what is in the file."""
    tclsh = shutil.which("tclsh") or shutil.which("tclsh8.6")
    if tclsh is None:
        return TclRun((), "tclsh is not there to evaluate it (it comes with LinuxCNC)")
    try:
        done = subprocess.run(
            [tclsh],
            check=False,
            input=_script(file, arguments, ini, hallib),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=ini.path.absolute().parent,
            timeout=LIMIT_S,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return TclRun((), f"it could not be evaluated ({type(error).__name__})")
    run = _result(done.stdout, ini.path.absolute().parent)
    if done.returncode and not run.why:
        return run._replace(why=f"it could not be evaluated to its end (tclsh: status {done.returncode})")
    return run


def _script(file: Path, arguments: Sequence[str], ini: IniFile, hallib: Path) -> str:
    environment = {
        "HALLIB_DIR": str(hallib),
        "HALLIB_PATH": f".:{hallib}",
        "INI_FILE_NAME": str(ini.path.absolute()),
        "HOME": str(Path("~").expanduser()),
    }
    lines = [f"set ::env({name}) {_quoted(value)}" for name, value in environment.items()]
    # As haltcl does: each section is an array, each key a list of all its values.
    for entry in [*ini.entries, *ini.ignored]:
        lines.append(f"lappend {_quoted(f'::{entry.section}({entry.key})')} {_quoted(entry.value)}")
    lines.append(f"set ::argv [list {' '.join(map(_quoted, arguments))}]")
    lines.append(f"set ::argc {len(arguments)}")
    box = "\n".join(f"interp eval $box {{{line}}}" for line in lines)
    harness = HARNESS.replace("@COMMANDS@", " ".join(COMMANDS.split()))
    return f"{harness}\n{box}\nset file {_quoted(str(file.absolute()))}\n{RUN}"


def _quoted(text: str) -> str:
    """Return a Tcl word that means `text`, whatever is in it."""
    plain = "".join(c if c.isascii() and c.isalnum() else f"\\u{min(ord(c), 0xFFFD):04x}" for c in text)
    return f'"{plain}"'


def _result(output: str, folder: Path) -> TclRun:
    commands, why = [], ""
    for line in output.split("\n"):
        kind, *words = line.split(SEPARATOR)
        if kind == "hal" and len(words) > 1:
            commands.append((folder / words[0], tuple(word for word in words[1:] if word)))
        elif kind == "asked" and not why:
            why = f"what it does depends on `{' '.join(words[1:3])}`"
        elif kind == "failed" and not why:
            why = f"it could not be evaluated to its end ({' '.join(words[1:])[:100]})"
    return TclRun(tuple(commands), why)
