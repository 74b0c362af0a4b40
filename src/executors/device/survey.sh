# The work of a survey: what there is to restore, and what a restore would meet on the device. Goes into container.sh.
NEEDS=python3

survey() {
  tell 'phase running'
  chosen=
  if [ "$LOOK" = target ]; then
    listing "$@" || failed listing "$?"
    choose "$AT"
    if [ -n "$chosen" ]; then contents_of "$chosen" "$@"; fi
  fi
  mkdir -p "$WORK/archive"
  result "$(python3 "$WORK/survey.py" "$APP" "$WORK" "$chosen" "$MEMBER" 2>&1 | tail -n 1)"
}

work() {
  place_program "$WORK/survey.py"
  with_options survey
}
