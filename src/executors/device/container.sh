# Runs in the container, inside one { ...; exit; } group that also sets the variables in capitals. Any image with sh,
# duplicity and gpg will do.
umask 077
CTL=$(tr -dc a-z0-9 </dev/urandom 2>/dev/null | head -c 32)
WORK=/tmp/balena-backup
SECRETS=/dev/shm/balena-backup

# Everything goes through one numbering writer; lines that begin with the random word are ours, all others Duplicity's.
number_lines() {
  n=0
  while IFS= read -r line || [ -n "$line" ]; do
    if [ -z "$line" ]; then continue; fi
    n=$((n + 1))
    case $line in
      "$CTL end") return ;;
      "$CTL "*) printf '%s %d c %s\n' "$NONCE" "$n" "${line#"$CTL "}" ;;
      *) printf '%s %d o %s\n' "$NONCE" "$n" "$line" ;;
    esac
  done
}
# A line of its own, whatever a program that was killed left of its last one.
tell() { printf '\n%s %s\n' "$CTL" "$*"; }
# Text that can stand in a JSON string as it is.
plain() { tr -c ' -~' ' ' | tr -d '\\"' | cut -c 1-600; }
# Words as a JSON list.
listed() {
  sep=
  printf '['
  for each in "$@"; do printf '%s"%s"' "$sep" "$each"; sep=,; done
  printf ']'
}
result() {
  tell "result $1"
  tell end
  exit 0
}
refuse() { result "{\"ok\":false,\"kind\":\"$1\",\"names\":$2}"; }

# failed STEP EXIT: what the log of the last command says about it.
failed() {
  error=$(sed -n '/^ERROR /{s/^ERROR \([0-9]*\) *\([^ ]*\).*/\1 \2/p;q;}' "$WORK/log" 2>/dev/null | plain)
  # Without the command that a backend ran: it is long, and what the command said stands behind it. Nor with the places that
  # an exception went through, which stand before it and further in than it.
  words=$(sed -n '/^ERROR /,/^$/{/^\. Traceback/,/^$/{/^\. Traceback/d;/^\.   /d;};/^\. ./{s/^\. //;s/Error running .*: returned/a command returned/;p;};}' "$WORK/log" 2>/dev/null | head -n 3 | tr '\n' ' ' | plain)
  result "{\"ok\":false,\"step\":\"$1\",\"exit\":$2,\"error\":\"$error\",\"words\":\"$words\",\"limit\":\"$(cat "$WORK/limit" 2>/dev/null)\"}"
}

# limited COMMAND...: as a process group of its own, ended when it takes too long or nothing moves for too long.
limited() {
  : >"$WORK/log"
  if command -v setsid >/dev/null 2>&1; then group=- ; setsid "$@" </dev/null 2>&1 & else group= ; "$@" </dev/null 2>&1 & fi
  child=$!
  watch "$group$child" "$child" </dev/null 2>/dev/null &
  guard=$!
  wait "$child"
  code=$?
  # KILL: a shell that sleeps hears TERM late.
  kill -KILL "$guard" 2>/dev/null
  kill -KILL "-$child" 2>/dev/null
  return "$code"
}

# Processor time of the process group in ticks.
ticks() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^[0-9]* (.*) . //p' | {
    sum=0
    while read -r _ group _ _ _ _ _ _ _ _ user system _; do
      if [ "$group" = "$1" ]; then sum=$((sum + user + system)); fi
    done
    echo "$sum"
  }
}
# Bytes that went over the wire so far.
wire() {
  sed -n 's/^ *[^l:][^:]*: *//p' /proc/net/dev 2>/dev/null | {
    sum=0
    while read -r received _ _ _ _ _ _ _ sent _; do sum=$((sum + received + sent)); done
    echo "$sum"
  }
}

# What a kind of run does every five seconds besides; it ends the command by setting `limit`.
beat() { :; }

# Seconds by a clock that nobody sets: a device's own jumps when it first reaches its time servers.
uptime_of() { cut -d . -f 1 /proc/uptime; }

watch() {
  still=0 before= carried=0 broken=0
  while sleep 5; do
    now="$(ticks "$2") $(wc -c <"$WORK/log")" bytes=$(wire)
    # Less than 2 KiB is a link being kept open, or the talk of other containers.
    if [ "$now" = "$before" ] && [ $((bytes - carried)) -lt 2048 ]; then still=$((still + 5)); else still=0; fi
    before=$now carried=$bytes
    limit=
    beat
    # Duplicity 0.8 may hang once it has said what is wrong.
    if grep -q '^ERROR ' "$WORK/log"; then broken=$((broken + 5)); fi
    if [ "$broken" -ge 60 ]; then limit=error; fi
    if [ $(($(uptime_of) - BEGUN)) -ge "$RUN_TIMEOUT" ]; then limit=run; fi
    if [ "$still" -ge "$STALL_TIMEOUT" ]; then limit=stall; fi
    if [ -n "$limit" ]; then
      echo "$limit" >"$WORK/limit"
      # Without `--`: dash takes it for a process.
      kill -KILL "$1"
      return
    fi
  done
}

quietly() { "$@" >/dev/null 2>&1; }

# Duplicity with what every command has; options are set as positional parameters by the caller's `with_options`.
duplicity_with() {
  action=$1
  archive=$2
  shift 2
  # shellcheck disable=SC2086
  limited $LOW duplicity $action --archive-dir="$archive" --name="$STORE" --tempdir="$WORK/temp" --log-file="$WORK/log" \
    --allow-source-mismatch --num-retries=3 --backend-retry-delay=5 "$@"
}

# The sets that a listing without any cache finds, oldest first, a line each: "full|inc TIME VOLUMES CHAIN". Also how many
# stand apart: sets without a manifest, and sets without their base. Needs no passphrase and reads names only.
listing() {
  rm -rf "$WORK/cold"
  mkdir -p "$WORK/cold"
  duplicity_with collection-status "$WORK/cold" "$@" "$URL" >"$WORK/status" || return
  sed -n 's/^ *\(full\|inc\) \([0-9]\{8\}T[0-9]\{6\}Z\) \([0-9]*\) *n\{0,1\}o\{0,1\}enc.*/\1 \2 \3/p' "$WORK/log" | {
    chain=0
    while read -r type time volumes; do
      if [ "$type" = full ]; then chain=$((chain + 1)); fi
      echo "$type $time $volumes $chain"
    done
  } | sort -k 2,2 >"$WORK/sets"
  unfinished=$(counted incomplete) orphaned=$(counted orphaned) chains=$(matching '^chain-' "$WORK/log")
}
# How many lines match; that none does is no failure.
matching() { grep -c "$1" "$2" || :; }
counted() { sed -n "s/^$1-sets-num \\([0-9]*\\).*/\\1/p" "$WORK/log" | tail -n 1 | grep . || echo 0; }
# The newest set that the device's cache has the whole manifest of, written as a listing does. A listing costs a start of
# Duplicity; where there is a cache, it is needed only for the proof.
known_set() {
  find "/archive/$STORE" -name '*.manifest' 2>/dev/null |
    sed -n 's/.*-full\.\([0-9T]*Z\)\.manifest$/full \1/p; s/.*-inc\..*\.to\.\([0-9T]*Z\)\.manifest$/inc \1/p' | sort -k 2,2 | tail -n 1
}
last_set() { tail -n 1 "$WORK/sets" | cut -d ' ' -f 1,2; }
fulls() { matching '^full ' "$WORK/sets"; }

# The last set at or before a time (`now` for any), as `chosen`; empty where there is none.
choose() {
  chosen=
  while read -r _ time _; do
    if [ "$1" = now ] || [ "$(printf '%s' "$time" | tr -dc 0-9)" -le "$(printf '%s' "$1" | tr -dc 0-9)" ]; then chosen=$time; fi
  done <"$WORK/sets"
}
# Duplicity's own way to write a time of a set, as its options take it.
iso() { printf '%s' "$1" | sed 's/\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z/\1-\2-\3T\4:\5:\6+00:00/'; }

# The interpreter that Duplicity runs on; empty where it is no script.
python_of() { sed -n '1s/^#! *//p' "$(command -v duplicity)" 2>/dev/null | grep python; }
# Prints those of the Python modules that cannot be loaded.
unloadable() {
  python=$(python_of)
  # shellcheck disable=SC2086
  if [ -n "$python" ]; then
    $python -c '
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception:
        print(name)
' "$@" 2>/dev/null
  fi
}
# Duplicity's version; asking itself takes longer.
version_of() {
  python=$(python_of)
  # shellcheck disable=SC2086
  found=$(${python:-false} -c 'import duplicity; print(duplicity.__version__)' 2>/dev/null | grep '^[0-9]')
  if [ -z "$found" ]; then found=$(duplicity --version 2>/dev/null | sed -n 's/^duplicity \([0-9][^ ]*\).*/\1/p'); fi
  printf '%s' "$found"
}
is_old_duplicity() { case ${version:=$(version_of)} in 0.*) return 0 ;; esac; return 1; }

# contents_of SET OPTIONS...: what is in it, as a log in `files`. The archive that it reads is new: the device's own may
# know of more than the target has. Needs the passphrase.
contents_of() {
  set_time=$(iso "$1")
  shift
  rm -rf "$WORK/archive"
  mkdir -p "$WORK/archive"
  duplicity_with list-current-files "$WORK/archive" --time="$set_time" "$@" "$URL" >/dev/null || failed list "$?"
  if grep -q '^ERROR ' "$WORK/log"; then failed list 0; fi
  cp "$WORK/log" "$WORK/files"
}

# Makes the target's folder before the first run there; an older server makes one level of it only.
make_folder() {
  if [ -d "/archive/$STORE" ]; then return; fi
  mkdir -p "$WORK/none"
  if [ -z "${RSYNC_PASSWORD-}" ] && [ -n "${FTP_PASSWORD-}" ]; then RSYNC_PASSWORD=$FTP_PASSWORD; export RSYNC_PASSWORD; fi
  quietly rsync_folder --mkpath || quietly rsync_folder || :
}

# What the backend needs of the image: Duplicity itself would find out after minutes.
check_image() {
  lacking=
  for each in duplicity gpg $NEEDS $PROGRAMS; do if ! command -v "$each" >/dev/null 2>&1; then lacking="$lacking $each"; fi; done
  # shellcheck disable=SC2086
  if [ -z "$lacking" ] && [ -n "$MODULES" ]; then lacking=$(unloadable $MODULES); fi
  # shellcheck disable=SC2086
  if [ -n "$lacking" ]; then refuse image "$(listed $lacking)"; fi
}

# Bytes a second of all that leaves the container, whatever program sends it.
limit_bandwidth() {
  if [ -z "$BANDWIDTH" ]; then return; fi
  burst=$((BANDWIDTH / 50 + 16384))
  if quietly tc qdisc replace dev eth0 root tbf rate "${BANDWIDTH}bps" burst "$burst" latency 200ms; then return; fi
  case $URL in rsync:*) return ;; esac
  tell 'warn the bandwidth limit has no effect: the kernel of this device, or the image, cannot limit it'
}
NEEDS=
# What is done when everything was said.
after() { :; }

# What the run is for: a function `work` that ends in `result`.
# @work

main() {
  BEGUN=$(uptime_of)
  tell read
  rm -rf "$WORK" "$SECRETS"
  mkdir -p "$WORK/temp" "$WORK/home" "$SECRETS"
  chmod 0700 /archive /gnupg 2>/dev/null
  HOME=$WORK/home GNUPGHOME=/gnupg TZ=UTC LC_ALL=C.UTF-8
  export HOME GNUPGHOME TZ LC_ALL PASSPHRASE
  # Of a run that was killed: its host had another name, so GnuPG would wait for it for ever.
  find "$GNUPGHOME" \( -name '*.lock' -o -name '.#lk*' \) -exec rm -f {} + 2>/dev/null
  check_image
  limit_bandwidth
  LOW=
  if command -v nice >/dev/null 2>&1; then LOW='nice -n 19'; fi
  if command -v ionice >/dev/null 2>&1 && quietly ionice -c 3 true; then LOW="$LOW ionice -c 3"; fi
  place_secrets
  if [ -e "$SECRETS/MEGARC" ]; then ln -s "$SECRETS/MEGARC" "$HOME/.megarc"; fi
  work
}

main | number_lines
after
