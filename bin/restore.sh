#!/bin/sh
# restore.sh: the same as balena-backup restore.
set -eu
exec "$(dirname "$(readlink -f "$0")")/balena-backup" restore "$@"
