#!/bin/sh
# execute.sh: the same as balena-backup execute.
set -eu
exec "$(dirname "$(readlink -f "$0")")/balena-backup" execute "$@"
