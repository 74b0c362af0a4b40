# What a run that stores asks of its passphrase first. Goes into container.sh.

# Beside the cache: a file that only the passphrase of the former runs opens, and a mark of a chain that another one has begun.
fingerprint=/archive/$STORE.passphrase
begun=/archive/$STORE.begun
# What Duplicity is told besides.
GPG=

# Salted, and stretched as far as GnuPG does that where it could be guessed.
keep_fingerprint() {
  printf '%s' "$PASSPHRASE" >"$SECRETS/passphrase"
  rm -f "$fingerprint.new"
  if echo balena-backup | quietly gpg --batch --pinentry-mode loopback --passphrase-file "$SECRETS/passphrase" --s2k-mode 3 \
    --s2k-count "$STRETCH" --symmetric --output "$fingerprint.new"; then
    mv -f "$fingerprint.new" "$fingerprint"
  fi
  rm -f "$SECRETS/passphrase"
}
# By what is in it: on a full disk GnuPG opens it and still ends with an error, for want of room for a lock.
opens_fingerprint() {
  [ "$(printf '%s' "$PASSPHRASE" | gpg --batch --pinentry-mode loopback --passphrase-fd 0 --decrypt "$fingerprint" 2>/dev/null)" = balena-backup ]
}

# Whether the passphrase is that of the former runs: Duplicity 0.8 takes any where it has a cache, and adds a set that nobody
# can read. Where the file is not there, `ask_target` says.
is_former() {
  # A chain that was begun only says nothing of those that are there.
  if [ -e "$begun" ] && ! opens_fingerprint; then rm -rf "/archive/$STORE" "$fingerprint" "$begun"; fi
  if [ -s "$fingerprint" ]; then opens_fingerprint; else ask_target "$@"; fi
}

# check_passphrase ACTION OPTIONS...: with another passphrase only a full set may be made, which begins a new chain, and only
# where that was asked for.
check_passphrase() {
  wanted=$1
  shift
  if ! is_former "$@"; then
    if [ "$PASSPHRASE_CHANGE" != new-chain ] || [ "$wanted" != full ]; then refuse passphrase-wrong '[]'; fi
    # The mark comes first and the new file last: cut off between them, the next run comes here again.
    : >"$begun"
    rm -rf "/archive/$STORE"
    keep_fingerprint
  fi
  if [ -e "$begun" ]; then
    if [ "$wanted" != full ]; then refuse passphrase-wrong '[]'; fi
    tell 'warn the passphrase has changed: a new chain begins, and the former backups need the former passphrase'
    pass_over_former
  fi
}

# Even a full set Duplicity begins by reading what the newest chain says of itself. What does not open is passed over: the cache
# gets empty files for it.
pass_over_former() {
  cat >"$WORK/gpg" <<'PROGRAM'
#!/bin/sh
gpg "$@"
code=$?
case " $* " in *" --decrypt "*) exit 0 ;; esac
exit "$code"
PROGRAM
  chmod 0700 "$WORK/gpg"
  GPG=--gpg-binary=$WORK/gpg
}

# The new chain's first set is there, the newest that the cache knows: the empty files of the former go, and so does the mark.
end_begin() {
  if [ ! -e "$begun" ]; then return; fi
  first=$(known_set)
  find "/archive/$STORE" -type f -name '*duplicity-*' ! -name "*${first#* }*" -exec rm -f {} +
  rm -f "$begun"
}

