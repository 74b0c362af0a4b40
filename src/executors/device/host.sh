# Runs in the shell of a device's host OS, inside one { ...; } group that also sets the variables in capitals.
umask 077
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
NAME=balena-backup-run
DIR=/run/balena-backup/$NONCE
# What the container runs, also when it is started again: then the script, which was in memory, is gone.
LIFE="if [ -e /staging/work/$NONCE.py ]; then exec python3 /staging/work/$NONCE.py; fi
if [ -e /run/balena-backup/run.sh ]; then exec sh /run/balena-backup/run.sh; fi"

say() { printf '%s - %s\n' "$NONCE" "$*"; }
# One line of ASCII without control characters (BusyBox has no [:print:]); the reason stands at the end of what an engine says.
flat() { tr -c ' -~' ' ' | tail -c 400; }

ENGINE=
for each in balena-engine balena docker; do
  if command -v "$each" >/dev/null 2>&1; then ENGINE=$each; break; fi
done
engine() { "$ENGINE" "$@" </dev/null; }
# One that hangs keeps whoever asks it waiting for ever.
engine_answers() {
  "$ENGINE" version </dev/null >/dev/null 2>&1 &
  asked=$!
  (sleep 60; kill -KILL "$asked") </dev/null >/dev/null 2>&1 &
  guard=$!
  wait "$asked"
  answered=$?
  kill -KILL "$guard" 2>/dev/null || :
  return "$answered"
}

# Id, status, run id and nonce of the container that holds the name; empty where there is none.
holder() {
  engine inspect --type container --format \
    '{{.Id}} {{.State.Status}} {{index .Config.Labels "balena-backup.run-id"}} {{index .Config.Labels "balena-backup.nonce"}}' \
    "$NAME" 2>/dev/null || :
}

is_forgotten() {
  for each in $FORGET; do if [ "$each" = "$1" ]; then return 0; fi; done
  return 1
}

# An ended run that nobody asked for in an hour may go: its orchestrator is gone, or has given it up. So may one that was made
# an hour ago and never started.
is_old() {
  since='{{.RunningFor}}'
  if [ "$status" = exited ]; then since='{{.Status}}'; fi
  case $(engine ps --all --filter "name=^/?$NAME\$" --format "$since" 2>/dev/null) in
    *hour* | *day* | *week* | *month* | *year*) return 0 ;;
  esac
  return 1
}

# Its work is not done, and the engine is to start it again: never one that may go.
is_between_lives() {
  [ "$(engine inspect --type container --format '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}' "$ID" 2>/dev/null)" = 'false always' ]
}

# By its id: the name may be another run's by now. Nobody else would before the next run, so an engine that is being restarted
# is waited for.
remove() {
  tries=0
  until engine rm --force --volumes=false "$ID" >/dev/null 2>&1; do
    if engine_answers && ! engine inspect --type container "$ID" >/dev/null 2>&1; then return; fi
    tries=$((tries + 1))
    if [ "$tries" -ge 30 ]; then return; fi
    sleep 2
  done
}

# 0: the name is free. 1: our own run holds it, as container ID. Another's: says so and ends. While a shell is starting this
# very run, its link lost perhaps, the script is there: it is waited for.
take_name() {
  tries=0
  while :; do
    # shellcheck disable=SC2046
    set -- $(holder)
    ID=${1:-} status=${2:-} run=${3:-unknown} nonce=${4:-}
    if [ "$nonce" = "$NONCE" ] && [ "$status" != created ]; then return 1; fi
    if [ -n "$ID" ] && [ "$nonce" != "$NONCE" ]; then break; fi
    if [ ! -d "$DIR" ] || [ "$tries" -ge 120 ]; then break; fi
    tries=$((tries + 1))
    sleep 1
  done
  case $status in
    '') return 0 ;;
    created | exited | dead)
      if is_between_lives && ! is_old; then
        engine start "$ID" >/dev/null 2>&1 || :
      elif [ "$nonce" = "$NONCE" ] || is_forgotten "$nonce" || is_old; then
        remove
        return 0
      fi
      ;;
  esac
  say "busy $run"
  exit 0
}

# The names of the volumes to mount: those named, `=all` there are (or it fails), `=any` there are, or `=none`.
volumes() {
  if ! present=$(engine volume ls --quiet 2>&1); then
    say "failed engine $(printf '%s' "$present" | flat)"
    exit 0
  fi
  present=$(printf '%s\n' "$present" | sed -n "s/^${APP}_\\([A-Za-z0-9][A-Za-z0-9_.-]*\\)\$/\\1/p" | sort)
  if [ "$VOLUMES" = =any ]; then
    chosen=$present
  elif [ "$VOLUMES" = =none ]; then
    chosen=
  elif [ "$VOLUMES" = =all ]; then
    if [ -z "$present" ]; then say 'failed volumes-none'; exit 0; fi
    chosen=$present
  else
    chosen= missing=
    for each in $VOLUMES; do
      bare=${each#"${APP}_"}
      if printf '%s\n' "$present" | grep -qxF -e "$bare"; then chosen="$chosen $bare"; else missing="$missing $bare"; fi
    done
    if [ -n "$missing" ]; then say "failed volume-missing$missing"; exit 0; fi
  fi
}

image() {
  case $IMAGE in
    *@sha256:*) if engine image inspect "$IMAGE" >/dev/null 2>&1; then return 0; fi ;;
  esac
  say 'phase pulling'
  if trouble=$(engine pull --quiet "$IMAGE" 2>&1 >/dev/null); then return 0; fi
  trouble=$(printf '%s' "$trouble" | flat)
  if engine image inspect "$IMAGE" >/dev/null 2>&1; then
    say "warn the image could not be pulled, the copy on the device is used: $trouble"
    return 0
  fi
  if engine_answers; then
    say "failed image-unavailable $trouble"
  else
    say "failed engine its engine does not answer any more: $trouble"
  fi
  exit 0
}

# Options for limits that this engine and kernel have; `--cpus` is an error where they lack it, the others are dropped.
limits() {
  limits=
  if [ -n "$CPUS" ]; then
    if [ "$(engine info --format '{{.CPUCfsQuota}}' 2>/dev/null)" = false ]; then
      say 'warn BACKUP_CPUS has no effect: the kernel of this device cannot limit it'
    else
      limits="$limits --cpus=$CPUS"
    fi
  fi
  if [ -n "$MEMORY" ]; then
    if [ "$(engine info --format '{{.MemoryLimit}}' 2>/dev/null)" = false ]; then
      say 'warn BACKUP_MEMORY has no effect: the kernel of this device cannot limit it'
    else
      limits="$limits --memory=$MEMORY"
    fi
  fi
  # For its own network alone.
  if [ -n "$BANDWIDTH" ]; then limits="$limits --cap-add NET_ADMIN"; fi
}

# What root in the container may do: read what belongs to anybody, and, to write volumes back, give files to anybody.
privileges() {
  privileges='--security-opt no-new-privileges --cap-drop ALL --cap-add DAC_OVERRIDE'
  case $KIND in backup | survey) return ;; esac
  for each in CHOWN FOWNER FSETID MKNOD; do privileges="$privileges --cap-add $each"; done
}

# Secrets are in memory only, and gone two minutes after at the latest, whatever becomes of this shell.
place_script() {
  mkdir -p /run/balena-backup
  # Where another shell is starting this very run, whoever follows comes back.
  mkdir "$DIR" 2>/dev/null || exit 0
  # What a shell that was killed left; younger ones may be another orchestrator's that is just starting a run. A mark is for a
  # start that may still be getting its image.
  find /run/balena-backup -mindepth 1 -maxdepth 1 -mmin +3 ! -name '*.cancelled' -exec rm -rf {} \; 2>/dev/null || :
  find /run/balena-backup -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} \; 2>/dev/null || :
  # The script itself is a here-document of this one.
  # @container
  (sleep 120; rm -rf "$DIR") </dev/null >/dev/null 2>&1 &
}

# A restore has to see all volumes side by side, stop services and hold their locks. With a RESTART policy the device
# itself brings the run to an end after a crash.
engine_access() {
  access=
  if [ "$ACCESS" != engine ]; then return 0; fi
  socket= named=${DOCKER_HOST:-}
  for each in "${named#unix://}" /run/balena-engine.sock /run/docker.sock; do
    if [ -S "$each" ]; then socket=$each; break; fi
  done
  root=$(engine info --format '{{.DockerRootDir}}' 2>/dev/null)
  if [ -z "$socket" ] || [ ! -d "$root/volumes" ]; then say 'failed engine its socket or its volumes were not found'; exit 0; fi
  mkdir -p /tmp/balena-supervisor/services
  access="--volume $socket:/engine/engine.sock --volume $root/volumes:/engine/volumes"
  access="$access --volume /tmp/balena-supervisor:/supervisor --volume balena-backup-staging:/staging"
}

start() {
  volumes
  engine_access
  image
  limits
  privileges
  mounts=
  for each in $chosen; do mounts="$mounts --volume ${APP}_$each:/volumes/$each:$MOUNT"; done
  if is_cancelled; then
    rm -f "$DIR.cancelled"
    say 'failed cancelled'
    exit 0
  fi
  # The last word before the run: a shell whose link is lost ends here, when no secret is there that would stay.
  say 'phase running'
  place_script
  # Lists of options are split on purpose: their words have no blanks.
  # shellcheck disable=SC2086
  if trouble=$(engine run --detach --name "$NAME" --restart "$RESTART" \
    --label "balena-backup.run-id=$RUN_ID" --label "balena-backup.kind=$KIND" --label "balena-backup.slot=$SLOT" \
    --label "balena-backup.device=$DEVICE" --label "balena-backup.nonce=$NONCE" \
    --log-driver json-file --log-opt max-size=1m --log-opt max-file=2 \
    --cpu-shares 2 --oom-score-adj 1000 $limits $privileges \
    --volume duplicity:/archive --volume gnupg:/gnupg --volume backups:/backups \
    --volume "$DIR:/run/balena-backup:ro" $mounts $access \
    --entrypoint sh "$IMAGE" -c "$LIFE" 2>&1 >/dev/null); then
    if take_name; then lost; fi
    # Whoever cancels leaves the mark first and looks for the container then, so one of the two sees the other.
    if is_cancelled; then kill_run; fi
    return 0
  fi
  rm -rf "$DIR"
  # A start that failed leaves a container that never ran. One that did was started by another shell of this run.
  take_name || return 0
  case $trouble in
    # An engine keeps the name before it shows whose it is, and a run may have ended since.
    *'is already in use'*) say 'busy unknown' ;;
    *) say "failed start $(printf '%s' "$trouble" | flat)" ;;
  esac
  exit 0
}

is_cancelled() { [ -e "$DIR.cancelled" ]; }
# A restore ends itself, unless its exchange has begun; the engine would not start it again once it was killed.
kill_run() {
  if [ "$KIND" != restore ]; then
    engine kill "$ID" >/dev/null 2>&1 || :
    return
  fi
  tries=0
  while running && [ "$tries" -lt 20 ]; do
    if engine exec "$ID" sh -c "set -C; echo cancelled >/staging/decided-$NONCE || [ -e /staging/decided-$NONCE ]" >/dev/null 2>&1; then
      return
    fi
    tries=$((tries + 1))
    sleep 1
  done
}

# Ends the run on the device, or keeps it from beginning.
cancel() {
  mkdir -p /run/balena-backup
  : >"$DIR.cancelled"
  # Else the mark stays for a start that is under way, however long it takes to get the image.
  if ! take_name; then
    kill_run
    rm -f "$DIR.cancelled"
  fi
  say cancelled
  exit 0
}

# Our run is not there. An engine that is being restarted knows of no container, and may just have come back; whoever follows
# does, too.
lost() {
  if engine_answers; then
    case $(holder) in
      *" $NONCE") ;;
      *)
        rm -rf "$DIR"
        say gone
        ;;
    esac
  fi
  exit 0
}

running() { [ "$(engine inspect --type container --format '{{.State.Running}}' "$ID" 2>/dev/null)" = true ]; }

# Whether it is running, or to be started again; leaves in `state` what the engine says, nothing where it is gone.
is_at_work() {
  state=$(engine inspect --type container --format \
    '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}} {{.State.ExitCode}} {{.State.OOMKilled}} {{.State.StartedAt}} {{.State.FinishedAt}}' \
    "$ID" 2>/dev/null || :)
  case $state in 'true '* | 'false always '*) return 0 ;; esac
  return 1
}

# Every line carries the nonce and a number of its own, so the far side drops what it has seen.
follow() {
  wait_for_script
  engine logs --follow "$ID" 2>/dev/null || :
  waited=0
  while is_at_work; do
    sleep 1
    waited=$((waited + 1))
    # After a crash the engine may have lost sight of what it is to start again.
    if [ "$waited" -gt 10 ] && is_between_lives; then engine start "$ID" >/dev/null 2>&1 || :; fi
    engine logs --follow --tail 200 "$ID" 2>/dev/null || :
  done
  engine logs --tail 20 "$ID" 2>/dev/null || :
}

# The directory of secrets goes as soon as the container says that it has read them.
wait_for_script() {
  tries=0
  while [ -d "$DIR" ] && [ "$tries" -lt 120 ] && running; do
    if engine logs "$ID" 2>/dev/null | grep -q "^$NONCE [0-9]* c read\$"; then break; fi
    tries=$((tries + 1))
    sleep 0.5 2>/dev/null || sleep 1
  done
  rm -rf "$DIR"
}

# Tells how the run ended, and removes it once it is heard.
finish() {
  if [ -z "$state" ]; then lost; fi
  state=${state#* }
  say "ended ${state#* }"
  # dash cannot limit a read; KILL, since a shell in a read or a sleep hears TERM late.
  (sleep 60; kill -KILL $$) </dev/null >/dev/null 2>&1 &
  guard=$!
  say "ready $RUN_ID"
  IFS= read -r answer || answer=
  kill -KILL "$guard" 2>/dev/null || :
  if [ "$answer" = "ack $NONCE $RUN_ID" ]; then
    remove
    say removed
  fi
  exit 0
}

if [ -z "$ENGINE" ]; then say 'failed engine this host has no balena-engine'; exit 0; fi
# A run that is there already is not given up for an engine that does not answer.
if ! engine_answers; then
  if [ "$MODE" = start ] && [ ! -d "$DIR" ]; then say 'failed engine the engine of the device does not answer; if it stays so, restart the device'; fi
  exit 0
fi
if [ "$MODE" = cancel ]; then cancel; fi
say 'phase preparing'
if take_name; then
  if [ "$MODE" = attach ]; then lost; fi
  start
fi
follow
finish
