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

backup() {
  if [ "$PASSPHRASE_CHANGE" = new-chain ] && ! opens_former; then ACTION=full; fi
  check_passphrase "$ACTION"
  tell 'phase running'
  listing "$@" || failed listing "$?"
  before=$(last_set)
  if [ -n "$before" ] && [ "$(date -u +%Y%m%d%H%M%S)" -lt "$(printf '%s' "${before#* }" | tr -dc 0-9)" ]; then
    refuse clock-behind "$(listed "${before#* }")"
  fi
  action=$ACTION
  # Duplicity 0.8 has no word for "add to the chain, or begin one": leaving the action out means it.
  if [ "$action" = backup ] && is_old_duplicity; then action=; fi
  # shellcheck disable=SC2086
  duplicity_with "$action" /archive $BACKUP_OPTIONS "$@" /volumes "$URL" || failed backup "$?"
  cp "$WORK/log" "$WORK/log.backup"
  if grep -q '^ERROR ' "$WORK/log"; then failed backup 0; fi
  if ! grep -q '^\. Errors 0$' "$WORK/log"; then failed statistics 0; fi
  tell 'phase verifying'
  listing "$@" || failed proof "$?"
  after=$(last_set)
  if [ -z "$after" ] || [ "$after" = "$before" ]; then failed proof 0; fi
  keep_canary
}

prune() {
  if [ -z "$KEEP_FULL" ]; then return; fi
  duplicity_with remove-all-but-n-full /archive "$KEEP_FULL" --force "$@" "$URL" ||
    tell "warn old backups could not be removed (exit code $?); the backup itself is done"
}

work() {
  look_at_volumes
  with_options backup
  with_options prune
  # shellcheck disable=SC2086
  result "{\"ok\":true,\"mode\":\"${after%% *}\",\"snapshotAt\":\"${after#* }\",\"volumes\":$(listed $volumes),\"emptyVolumes\":$(listed $empty),\"statistics\":{\"sourceFiles\":$(figure SourceFiles),\"sourceBytes\":$(figure SourceFileSize),\"newFiles\":$(figure NewFiles),\"changedFiles\":$(figure ChangedFiles),\"deletedFiles\":$(figure DeletedFiles),\"storedBytes\":$(figure TotalDestinationSizeChange),\"errors\":$(figure Errors)}}"
}
