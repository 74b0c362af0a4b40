#!/bin/sh
# backup.sh: the same as balena-backup backup.
set -eu
exec "$(dirname "$(readlink -f "$0")")/balena-backup" backup "$@"
