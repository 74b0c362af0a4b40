# The work of a backup: a snapshot whose being there is proven, then retention. Goes into container.sh.

# The volumes of this run, and those of them that are empty.
look_at_volumes() {
  volumes= empty=
  for folder in /volumes/*/; do
    name=${folder#/volumes/}
    name=${name%/}
    [ -d "$folder" ] || continue
    volumes="$volumes $name"
    if [ -z "$(ls -A "$folder" 2>/dev/null)" ]; then empty="$empty $name"; fi
  done
  emptied=
  for name in $empty; do
    for known in $NOT_EMPTY; do if [ "$name" = "$known" ]; then emptied="$emptied $name"; fi; done
  done
  # shellcheck disable=SC2086
  if [ -n "$emptied" ]; then refuse volume-emptied "$(listed $emptied)"; fi
}

# figure NAME: a whole number of the statistics block, 0 where it is missing.
figure() {
  value=$(sed -n "s/^\\. $1 \\([0-9]\\{1,15\\}\\).*/\\1/p" "$WORK/log.backup" | tail -n 1)
  printf '%s' "${value:-0}"
}

# What the target's newest chain says of itself must open: the device has lost its cache, or has never noted a passphrase.
ask_target() {
  listing "$@" || failed listing "$?"
  if [ -n "$(last_set)" ]; then
    # Into the cache where there is none, since the run needs it next. A cache that is there would open without any.
    place=/archive
    if [ -n "$(known_set)" ]; then place=$WORK/archive; fi
    mkdir -p "$place"
    code=0
    duplicity_with list-current-files "$place" "$@" "$URL" >/dev/null || code=$?
    if grep -q '^ERROR 31 ' "$WORK/log"; then return 1; fi
    if [ "$code" -ne 0 ]; then failed list "$code"; fi
  fi
  keep_fingerprint
}

backup() {
  tell 'phase running'
  # Duplicity goes by the dates of snapshots: one of the future would be the last until then.
  if [ "$(date +%s)" -gt "$LATEST" ]; then refuse clock-ahead "$(listed "$(date -u +%Y%m%dT%H%M%SZ)")"; fi
  make_folder
  unfinished=
  check_passphrase full "$@"
  if [ -e "$begun" ]; then ACTION=full; fi
  before=$(known_set) unfinished_before=${unfinished:-$(cat "$leftovers" 2>/dev/null || echo 0)}
  if [ -z "$before" ]; then
    # Where the target was asked for its passphrase, its listing is here already.
    [ -n "$unfinished" ] || listing "$@" || failed listing "$?"
    before=$(last_set) unfinished_before=$unfinished
  fi
  if [ -n "$before" ] && [ "$(date -u +%Y%m%d%H%M%S)" -lt "$(printf '%s' "${before#* }" | tr -dc 0-9)" ]; then
    refuse clock-behind "$(listed "${before#* }")"
  fi
  action=$ACTION version=$(version_of)
  # Duplicity 0.8 has no word for "add to the chain, or begin one": leaving the action out means it.
  if [ "$action" = backup ] && is_old_duplicity; then action=; fi
  # A list of every changed file in the manifest costs memory, and nothing of ours reads it.
  case $version in 0.8.1? | 0.8.20 | '') ;; *) BACKUP_OPTIONS="--no-files-changed $BACKUP_OPTIONS" ;; esac
  # shellcheck disable=SC2086
  duplicity_with "$action" /archive $BACKUP_OPTIONS "$@" $GPG /volumes "$URL" || failed backup "$?"
  cp "$WORK/log" "$WORK/log.backup"
  if grep -q '^ERROR ' "$WORK/log"; then failed backup 0; fi
  if ! grep -q '^\. Errors 0$' "$WORK/log"; then failed statistics 0; fi
  tell 'phase verifying'
  listing "$@" || failed proof "$?"
  after=$(last_set)
  if [ -z "$after" ] || [ "$after" = "$before" ] || [ "$after" != "$(known_set)" ]; then failed proof 0; fi
  end_begin
}

# Whether every set of the chains that stay has all volumes that its manifest names, and the newest has a manifest here.
# A chain that is listed without a full has lost all volumes of it; Duplicity would count it among those that stay.
stay_whole() {
  [ "$chains" -eq "$(fulls)" ] || return 1
  stay_from=$(grep '^full ' "$WORK/sets" | tail -n "$KEEP_FULL" | head -n 1 | cut -d ' ' -f 4)
  while read -r type time parts chain; do
    [ "$chain" -ge "$stay_from" ] || continue
    known=
    for manifest in "/archive/$STORE/"*".$time.manifest"; do
      [ -s "$manifest" ] || continue
      known=$(grep -c '^Volume [0-9]*:$' "$manifest")
      [ "$known" = "$parts" ] || return 1
    done
    if [ "$time" = "${after#* }" ] && [ -z "$known" ]; then return 1; fi
  done <"$WORK/sets"
}

# What interrupted runs left at the target. Only what the last listing before this run showed already, and nothing while sets lack
# their base: a listing that misses a name would make them look so.
leftovers=/archive/$STORE.unfinished
heal() {
  echo "$unfinished" >"$leftovers"
  if [ "$unfinished" -eq 0 ] || [ "$unfinished" -ne "$unfinished_before" ]; then return; fi
  if [ "$orphaned" -gt 0 ]; then
    tell "warn $orphaned sets at the target lack the snapshot that they build on: look at them, then remove them with Duplicity's cleanup"
    return
  fi
  duplicity_with cleanup /archive --force "$@" "$URL" >"$WORK/status" || tell "warn leftovers of interrupted runs could not be removed (exit code $?)"
  listing "$@" || failed proof "$?"
  healed=$((unfinished_before - unfinished))
  echo "$unfinished" >"$leftovers"
}

# Drops all but the newest KEEP_FULL chains; the listing afterwards, not an exit code, says what has gone. Chains that stay
# are left in doubt by nothing, or nothing is dropped.
drop() {
  if [ -z "$KEEP_FULL" ] || [ "$chains" -le "$KEEP_FULL" ]; then return; fi
  if ! stay_whole; then
    tell 'warn no old backups were removed: the target does not show all volumes of those that stay'
    return
  fi
  cp "$WORK/sets" "$WORK/sets.before"
  duplicity_with remove-all-but-n-full /archive "$KEEP_FULL" --force "$@" "$URL" >"$WORK/status" || tell "warn removing old backups ended with exit code $?"
  listing "$@" || failed proof "$?"
  while read -r type time parts chain; do
    if grep -q "^$type $time $parts " "$WORK/sets"; then continue; fi
    if [ "$chain" -ge "$stay_from" ]; then failed retention 0; fi
    dropped="$dropped $time"
  done <"$WORK/sets.before"
  if [ "$(fulls)" -gt "$KEEP_FULL" ]; then
    tell "warn old backups could not be removed: $(fulls) full ones are at the target and $KEEP_FULL are to stay; it may not allow deleting"
  fi
}

retain() {
  dropped= healed=0
  heal "$@"
  drop "$@"
}

work() {
  look_at_volumes
  with_options backup
  with_options retain
  # shellcheck disable=SC2086
  result "{\"ok\":true,\"mode\":\"${after%% *}\",\"snapshotAt\":\"${after#* }\",\"volumes\":$(listed $volumes),\"emptyVolumes\":$(listed $empty),\"retention\":{\"kept\":$(fulls),\"dropped\":$(listed $dropped),\"healed\":$healed},\"statistics\":{\"sourceFiles\":$(figure SourceFiles),\"sourceBytes\":$(figure SourceFileSize),\"newFiles\":$(figure NewFiles),\"changedFiles\":$(figure ChangedFiles),\"deletedFiles\":$(figure DeletedFiles),\"storedBytes\":$(figure TotalDestinationSizeChange),\"errors\":$(figure Errors)}}"
}
