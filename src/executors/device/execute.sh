# The work of a call of Duplicity in a person's own words. Goes into container.sh.

# The options in the spelling of version 0.8, as the positional parameters of execute.
old_spelling() {
  case $1 in
    --path-to-restore=*) printf '%s\n' "--file-to-restore=${1#*=}" ;;
    --no-restore-ownership) printf '%s\n' --do-not-restore-ownership ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# Duplicity itself does, in the words of the call.
ask_target() { :; }

execute() {
  if is_old_duplicity; then
    for option in "$@"; do
      shift
      set -- "$@" "$(old_spelling "$option")"
    done
  fi
  word=$COMMAND
  case $COMMAND in
    backup) if is_old_duplicity; then word=; fi ;;
    replicate) if ! is_old_duplicity; then refuse replicate '[]'; fi ;;
  esac
  tell 'phase running'
  make_folder
  case $COMMAND in
    backup | full | incremental)
      check_passphrase "$COMMAND" "$@"
      set -- "$@" "$FOLDER" "$URL"
      ;;
    restore | verify) set -- "$@" "$URL" "$FOLDER" ;;
    remove-*) set -- "$@" "$AMOUNT" "$URL" ;;
    replicate) set -- "$@" "$URL" "$AMOUNT" ;;
    *) set -- "$@" "$URL" ;;
  esac
  # shellcheck disable=SC2086
  duplicity_with "$word" /archive "$@" $GPG || failed "$COMMAND" "$?"
  if grep -q '^ERROR ' "$WORK/log"; then failed "$COMMAND" 0; fi
  if [ -n "$GPG" ]; then end_begin; fi
}

work() {
  with_options execute
  result "{\"ok\":true,\"executed\":\"$COMMAND\"}"
}
