# shellcheck shell=bash
# The instance metadata service, version 2. Its token, with which anyone could ask for the role's credentials, goes to
# curl by stdin: arguments can be read by every user.

imds=${IMDS_URL:-http://169.254.169.254}
tries=${METADATA_TRIES:-60}
pause=${METADATA_PAUSE:-5}
token=

# Waits for a token: at boot the network is there a while after the job. Five minutes, as it is set.
await_metadata() {
  local try
  for ((try = 1; try <= tries; try++)); do
    token=$(curl -sf --connect-timeout 2 --max-time 5 -X PUT \
      -H 'X-aws-ec2-metadata-token-ttl-seconds: 900' "$imds/latest/api/token") && return 0
    sleep "$pause"
  done
  return 1
}

# metadata PATH: prints what is there. 1: there is nothing of the kind. 2: nobody says whether there is.
metadata() {
  local said try
  for ((try = 1; try <= 6; try++)); do
    said=$(curl -s --connect-timeout 2 --max-time 5 -K - -w '\n%{http_code}' "$imds/latest/meta-data/$1" \
      <<<"header = \"X-aws-ec2-metadata-token: $token\"") || true
    case ${said##*$'\n'} in
      200)
        printf '%s' "${said%$'\n'*}"
        return 0
        ;;
      404) return 1 ;;
    esac
    sleep "$pause"
  done
  return 2
}

# checked NAME PATTERN VALUE: prints the value when the whole of it is as it may be. Tags are written by others, and end up
# in a file of settings and in commands.
checked() {
  local LC_ALL=C
  if [[ $3 =~ ^($2)$ ]]; then
    printf '%s' "$3"
  elif [ -n "$3" ]; then
    say "$1 is not as it may be, and left out: $(printf '%q' "$3")" >&2
  fi
}

# fact NAME PATTERN PATH: the same of what the metadata service has at a path; nothing where it has nothing. 1: it does not
# say, and a host must not lose its name for that.
fact() {
  local value code=0
  value=$(metadata "$3" && printf x) || code=$?
  case $code in
    0) checked "$1" "$2" "${value%x}" ;;
    1) ;;
    *)
      say "the metadata service does not say what the $1 is" >&2
      return 1
      ;;
  esac
}

# All that is asked of it, for the scripts that follow. 1: not all was answered.
read_facts() {
  INSTANCE_ID=$(fact 'instance id' 'i-[0-9a-f]+' instance-id) || return 1
  REGION=$(fact region '[a-z0-9-]+' placement/region) || return 1
  ZONE=$(fact zone '[a-z0-9-]+' placement/availability-zone) || return 1
  HOST_ID=$(fact 'host id' 'h-[0-9a-f]+' placement/host-id) || return 1
  INSTANCE_TYPE=$(fact 'instance type' '[a-z0-9.-]+' instance-type) || return 1
  NAME_TAG=$(fact 'tag tartfleet:name' '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' tags/instance/tartfleet:name) || return 1
  URL_TAG=$(fact 'tag tartfleet:url' 'https?://[A-Za-z0-9.:_/~-]+' tags/instance/tartfleet:url) || return 1
  # With this Mac's own ones a host has 32 at most.
  local key='[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?' value='[A-Za-z0-9._/:@+-]*'
  LABELS_TAG=$(fact 'tag tartfleet:labels' "$key=$value(,$key=$value){0,27}" tags/instance/tartfleet:labels) || return 1
  PARAMETER_TAG=$(fact 'tag tartfleet:enrolment-parameter' '/?[A-Za-z0-9_./-]+' tags/instance/tartfleet:enrolment-parameter) || return 1
  export INSTANCE_ID REGION ZONE HOST_ID INSTANCE_TYPE NAME_TAG URL_TAG LABELS_TAG PARAMETER_TAG
  [ -n "$INSTANCE_ID" ]
}
