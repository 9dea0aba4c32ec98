# In the guest, after the variables that garm's words were put into: gets the runner's credentials from garm, tells garm how it goes,
# and becomes the runner. What garm's own install script does for Linux (garm, internal/templates/userdata), without a service: the
# VM ends with this process.
set -u
umask 077

ours=${0%/*}
home=$HOME/actions-runner
pause=${GARM_RETRY_SECONDS:-5}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$HOME" || exit 1

# A bundle stands for all of curl's authorities, so that it must have the system's, too.
authorities() {
  [ -n "$GARM_CA" ] || return 0
  printf '%s\n' "$GARM_CA" >"$work/ca.pem"
  if [ -r /etc/ssl/cert.pem ]; then cat /etc/ssl/cert.pem >>"$work/ca.pem"; fi
  export CURL_CA_BUNDLE=$work/ca.pem
}

# get TOKEN ARGUMENT…: the token goes by stdin, for arguments stand in the process list.
get() {
  local token=$1
  shift
  if [ -n "$token" ]; then printf 'header = "Authorization: Bearer %s"\n' "$token"; fi |
    curl --config - --silent --show-error --fail --retry 5 --retry-delay "$pause" --retry-connrefused "$@"
}

# Text as it may stand in a string of JSON.
json() {
  printf %s "$1" | LC_ALL=C tr '\n\t\042\134' "  ''" | LC_ALL=C tr -cd '[:print:]' | cut -c 1-1000
}

# post URL JSON
post() {
  get "$GARM_TOKEN" --header 'Content-Type: application/json' --data-raw "$2" --output /dev/null "$1" ||
    echo "garm could not be told: $2"
}

say() {
  echo "$1"
  post "$GARM_STATUS_URL" "{\"status\": \"installing\", \"message\": \"$(json "$1")\"}"
}

fail() {
  echo "$1"
  post "$GARM_STATUS_URL" "{\"status\": \"failed\", \"message\": \"$(json "$1")\"}"
  exit 1
}

# The image has a runner; one that has none gets garm's.
install_runner() {
  if [ -x "$home/run.sh" ]; then
    say "using the runner of the image"
    return
  fi
  [ -n "$TOOLS_URL" ] || fail "the image has no runner in ~/actions-runner, and garm knows none for macOS on arm64"
  say "downloading $TOOLS_URL"
  get "$TOOLS_TOKEN" --location --output "$work/runner.tar.gz" "$TOOLS_URL" || fail "the runner could not be downloaded"
  if [ -n "$TOOLS_SHA256" ]; then
    echo "$TOOLS_SHA256  $work/runner.tar.gz" | shasum -a 256 -c - >/dev/null || fail "the downloaded runner has another checksum"
  fi
  mkdir -p "$home"
  tar -xzf "$work/runner.tar.gz" -C "$home" || fail "the runner could not be unpacked"
  [ -x "$home/run.sh" ] || fail "the downloaded runner has no run.sh"
}

fetch_jit_config() {
  local name
  say "fetching the just-in-time configuration"
  for name in runner credentials credentials_rsaparams; do
    get "$GARM_TOKEN" --output "$home/.$name" "$GARM_METADATA_URL/credentials/$name" || fail "garm did not give the file $name"
  done
}

# garm hands the token out once.
register() {
  local tries arguments
  say "registering the runner"
  ACTIONS_RUNNER_INPUT_TOKEN=$(get "$GARM_TOKEN" "$GARM_METADATA_URL/runner-registration-token/") ||
    fail "garm did not give a registration token"
  export ACTIONS_RUNNER_INPUT_TOKEN
  arguments=(--unattended --ephemeral --no-default-labels --url "$RUNNER_URL" --name "$RUNNER_NAME" --labels "$RUNNER_LABELS")
  if [ -n "$RUNNER_GROUP" ]; then arguments+=(--runnergroup "$RUNNER_GROUP"); fi
  for ((tries = 1; ; tries++)); do
    ./config.sh "${arguments[@]}" 2>"$work/error" && break
    [ "$tries" -lt 5 ] || fail "the runner could not be registered: $(cat "$work/error")"
    say "try $tries of registering the runner failed: $(cat "$work/error")"
    # It may be registered for all that.
    ./config.sh remove || :
    sleep "$pause"
  done
  unset ACTIONS_RUNNER_INPUT_TOKEN
}

# With the agent's own hooks the control plane knows of the job: while it runs, nothing but its end or its time ends the VM. After
# config.sh, which writes .env.
enter_hooks() {
  /bin/bash "$ours/github-hooks.sh" || fail "the hooks of tartfleet could not be entered into ~/actions-runner/.env"
}

# After `idle` garm takes the token no more.
report() {
  local agent='' version=''
  if [ -z "$GARM_JIT" ]; then agent=$(sed -n 's/.*"agentId": *"\{0,1\}\([0-9][0-9]*\).*/\1/p' .runner | head -n 1); fi
  if command -v sw_vers >/dev/null; then version=$(sw_vers -productVersion); fi
  post "$GARM_SYSTEM_INFO_URL" "{\"os_name\": \"macos\", \"os_version\": \"$(json "$version")\", \"agent_id\": ${agent:-null}}"
  post "$GARM_STATUS_URL" "{\"status\": \"idle\", \"message\": \"the runner starts\", \"agent_id\": ${agent:-null}}"
}

authorities
install_runner
cd "$home" || fail "there is no ~/actions-runner"
if [ -n "$GARM_JIT" ]; then fetch_jit_config; else register; fi
enter_hooks
report
rm -rf "$work"
unset GARM_TOKEN TOOLS_TOKEN CURL_CA_BUNDLE
# With the exit code 7 the runner says that GitHub no longer takes its version, and run.sh passes signals on to what listens for jobs.
export ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1 RUNNER_MANUALLY_TRAP_SIG=1
exec ./run.sh
