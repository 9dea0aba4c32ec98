# In the guest: runs a script once, whatever becomes of the connection, and tells of it from any point on.
#
#   bash -c TEXT tartfleet run ID SIZE OFFSET < SCRIPT   starts it unless it was; its output from OFFSET on, to stdout
#   bash -c TEXT tartfleet stop ID                       ends it with all that it started
#
# stderr is for whoever asks alone: `here` at once, `exit CODE` when the script has ended, `lost` when its process is gone without a
# word, `cut` when not all of the script came.
set -u
umask 077
dir=$HOME/.tartfleet/scripts/$2

# The job's environment is that of a login of the image's user: zsh is the Mac's, and reads ~/.zprofile.
supervise() {
  cd "$HOME" || exit
  if [ -x /bin/zsh ]; then
    /bin/zsh -lc 'exec /bin/bash "$1"' zsh "$dir/script"
  else
    /bin/bash -l "$dir/script"
  fi
  echo $? >"$dir/code.part"
  mv "$dir/code.part" "$dir/code"
}

begin() {
  mkdir -p "$dir" || exit
  cat >"$dir/script.$$"
  if [ $(($(wc -c <"$dir/script.$$"))) -ne "$1" ]; then
    rm -f "$dir/script.$$"
    [ -d "$dir/begun" ] && return
    echo cut >&2
    exit 0
  fi
  # Whoever makes this folder starts it, and nobody does so twice.
  if mkdir "$dir/begun" 2>/dev/null; then
    mv "$dir/script.$$" "$dir/script"
    : >"$dir/out"
    # In a process group of its own and holding no pipe: it outlives what starts it. macOS has no setsid.
    set -m
    supervise </dev/null >>"$dir/out" 2>&1 &
    set +m
    echo $! >"$dir/pid.part"
    mv "$dir/pid.part" "$dir/pid"
  else
    rm -f "$dir/script.$$"
  fi
}

# tell OFFSET
tell() {
  local at=$1 over size some
  echo here >&2
  until [ -e "$dir/pid" ]; do sleep 0.1; done
  while :; do
    over=
    if [ -e "$dir/code" ]; then
      over=yes
    elif ! kill -0 "$(cat "$dir/pid")" 2>/dev/null && [ ! -e "$dir/code" ]; then
      over=lost
    fi
    size=$(($(wc -c <"$dir/out")))
    while [ "$at" -lt "$size" ]; do
      some=$((size - at))
      # Small, for what carries it loses some of much at once (openai/tart#1347).
      [ "$some" -le 65536 ] || some=65536
      tail -c "+$((at + 1))" "$dir/out" | head -c "$some"
      at=$((at + some))
    done
    case $over in
      yes) echo "exit $(cat "$dir/code")" >&2 && exit 0 ;;
      lost) echo lost >&2 && exit 0 ;;
    esac
    sleep 0.2
  done
}

stop() {
  local pid tries
  pid=$(cat "$dir/pid" 2>/dev/null) || exit 0
  kill -TERM -- "-$pid" 2>/dev/null
  for ((tries = 0; tries < 50; tries++)); do
    kill -0 -- "-$pid" 2>/dev/null || exit 0
    sleep 0.1
  done
  kill -KILL -- "-$pid" 2>/dev/null
}

case $1 in
  run)
    begin "$3"
    tell "$4"
    ;;
  stop) stop ;;
esac
