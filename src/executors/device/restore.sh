# The work of a restore: everything is fetched beside the volumes and checked there while the services run; restore.py
# does the rest. Goes into container.sh.
NEEDS=python3
STAGED=/staging/work
PROGRAM=$STAGED/$NONCE.py
is_placed=

# What another run left, whose container is gone, is put in order first.
work() {
  for each in "$STAGED"/*.py; do
    if [ -e "$each" ]; then python3 "$each" abandon >/dev/null 2>&1 </dev/null || :; fi
  done
  rm -rf "$STAGED"
  if [ -n "$DROP_UNDO" ]; then rm -rf /staging/undo; fi
  mkdir -p "$STAGED/staged"
  chmod 0700 /staging
  place_program "$PROGRAM"
  is_placed=yes
  printf '%s' "$ORDER" >"$STAGED/order.json"
  python3 "$PROGRAM" guard </dev/null
  if [ -n "$PARTS" ]; then with_options fetch; fi
  : >"$STAGED/ready"
  tell end
  exit 0
}

# The word of a failure goes through restore.py, which clears up.
result() {
  if [ -n "$is_placed" ]; then printf '%s' "$1" >"$STAGED/result.json"; else tell "result $1"; fi
  tell end
  exit 0
}

after() { if [ -e "$PROGRAM" ]; then exec python3 "$PROGRAM" </dev/null; fi; }

# Every five seconds of a fetch: whether a person ended the run, whether the disk has room, and how far it is.
beat() {
  if grep -qs cancelled "/staging/decided-$NONCE"; then limit=cancelled; fi
  # shellcheck disable=SC2046
  set -- $(df -Pk /staging 2>/dev/null | tail -n 1)
  if [ "${4:-$ROOM_KIB}" -lt "$ROOM_KIB" ]; then limit=room; fi
  if [ "$HOW" = in-place ]; then return 0; fi
  files=$(find "$STAGED/staged" 2>/dev/null | wc -l)
  kib=$(du -sk "$STAGED/staged" 2>/dev/null | cut -f 1)
  tell "progress $files ${kib:-0}"
}

fetch() {
  tell 'phase running'
  listing "$@" || failed listing "$?"
  choose "$AT"
  if [ "$chosen" != "$AT" ]; then refuse snapshot-missing "$(listed "$AT")"; fi
  contents_of "$AT" "$@"
  if [ "$HOW" = in-place ]; then
    # The services stay stopped from here on; restore.py starts them again, whatever comes of it.
    tell 'phase exchanging'
    if ! python3 "$PROGRAM" halt >/dev/null; then tell end; exit 0; fi
    : >"$STAGED/overlaying"
    set -- --force "$@"
  fi
  while IFS=$(printf '\t') read -r place member; do
    restore_member "$member" "$place" "$@"
  done <<PARTS
$PARTS
PARTS
  rm -rf "$WORK/archive"
}

# restore_member MEMBER PLACE OPTIONS...: fetched whole, or the run fails.
restore_member() {
  member=$1 place=$2
  shift 2
  expected=$(python3 "$PROGRAM" count "$WORK/files" "$member")
  if [ "${expected:-0}" -eq 0 ]; then refuse not-in-snapshot '[]'; fi
  only=--path-to-restore
  if is_old_duplicity; then only=--file-to-restore; fi
  duplicity_with restore "$WORK/archive" --time="$(iso "$AT")" --numeric-owner "$only=$member" "$@" "$URL" "$place" ||
    failed restore "$?"
  # A file that could not be written is a warning for Duplicity, and the rest goes on.
  if grep -Eq '^(ERROR|WARNING (8|9|10|12|13)) ' "$WORK/log"; then failed restore 0; fi
  found=$(python3 "$PROGRAM" entries "$place")
  if [ "${found:-0}" -lt "$expected" ]; then refuse not-whole "$(listed "${found:-0}" "$expected")"; fi
}
