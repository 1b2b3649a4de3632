# Sourced by the scripts: where the tree is, how to fail, how to become root.
# shellcheck shell=bash

# shellcheck disable=SC2034  # for those who source this file
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}

die() {
    echo "$script: $*" >&2
    exit 1
}

usage_error() {
    echo "$script: $* (see --help)" >&2
    exit 2
}

say() { echo "== $*"; }

# After this, "${as_root[@]}" in front of a command runs it as root.
as_root=()
need_root() {
    [ "$EUID" -eq 0 ] && return
    command -v sudo >/dev/null || die "needs root, and there is no sudo here: run it as root"
    as_root=(sudo)
}

# forget_other_compiler DIRECTORY COMPILER: CMake drops all settings, and goes
# on, when the compiler of a directory is another one than before.
forget_other_compiler() {
    grep -qs "^CMAKE_CXX_COMPILER:.*[=/]$2\$" "$1/CMakeCache.txt" ||
        rm -rf "$1/CMakeCache.txt" "$1/CMakeFiles"
}

# quietly LOG COMMAND...: shows what the command said only when it fails.
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 && return
    cat "$log" >&2
    return 1
}
