#!/bin/sh
# Makes the virtual environment with the first Python that is new enough.
# Usage: make_venv.sh FOLDER [PYTHON]
set -eu

folder=$1
wanted=${2:-}
here=$(pwd -P)
oldest="(3, 11)"

new_enough() {
    "$1" -c "import sys; sys.exit(sys.version_info < $oldest)" >/dev/null 2>&1
}

# An environment that works stays; one whose checkout was moved has its old place written into its programs.
if new_enough "$folder/bin/python" && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    if [ ! -f "$folder/stamps/place" ] || [ "$(cat "$folder/stamps/place")" = "$here" ]; then
        mkdir -p "$folder/stamps"
        printf '%s\n' "$here" >"$folder/stamps/place"
        exit 0
    fi
fi

# An activated environment's own Python cannot make it anew: look past it.
outside=
IFS=:
for entry in $PATH; do
    [ "$entry" = "$here/$folder/bin" ] || outside=${outside:+$outside:}$entry
done
unset IFS
PATH=$outside

found=
for candidate in $wanted python3 python3.14 python3.13 python3.12 python3.11 python; do
    if new_enough "$candidate"; then
        found=$candidate
        break
    fi
done
if [ -z "$found" ]; then
    echo "This needs Python 3.11 or newer, and none was found. Install one, or name it: PYTHON=/path/to/python3" >&2
    exit 1
fi

echo "Making a virtual environment in $folder with $("$found" --version)"
if ! "$found" -m venv --clear "$folder"; then
    echo "Python's 'venv' did not work. On Debian and Ubuntu it is a package of its own: apt install python3-venv" >&2
    exit 1
fi
mkdir -p "$folder/stamps"
printf '%s\n' "$here" >"$folder/stamps/place"
