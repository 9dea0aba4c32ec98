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

# metadata PATH: prints what is there. 1: there is nothing of the kind, or no answer.
metadata() {
  curl -sf --connect-timeout 2 --max-time 5 --retry 5 --retry-connrefused --retry-delay "$pause" -K - \
    "$imds/latest/meta-data/$1" <<<"header = \"X-aws-ec2-metadata-token: $token\""
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

# fact NAME PATTERN PATH: the same of what the metadata service has at a path; nothing where it has nothing.
fact() {
  local value
  value=$(metadata "$3" && printf x) || value=x
  checked "$1" "$2" "${value%x}"
}

# All that is asked of it, for the scripts that follow.
read_facts() {
  INSTANCE_ID=$(fact 'instance id' 'i-[0-9a-f]+' instance-id)
  REGION=$(fact region '[a-z0-9-]+' placement/region)
  ZONE=$(fact zone '[a-z0-9-]+' placement/availability-zone)
  HOST_ID=$(fact 'host id' 'h-[0-9a-f]+' placement/host-id)
  INSTANCE_TYPE=$(fact 'instance type' '[a-z0-9.-]+' instance-type)
  NAME_TAG=$(fact 'tag tartfleet:name' '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?' tags/instance/tartfleet:name)
  URL_TAG=$(fact 'tag tartfleet:url' 'https?://[A-Za-z0-9.:_/~-]+' tags/instance/tartfleet:url)
  local key='[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?' value='[A-Za-z0-9._/:@+-]*'
  LABELS_TAG=$(fact 'tag tartfleet:labels' "$key=$value(,$key=$value)*" tags/instance/tartfleet:labels)
  PARAMETER_TAG=$(fact 'tag tartfleet:enrolment-parameter' '/?[A-Za-z0-9_./-]+' tags/instance/tartfleet:enrolment-parameter)
  export INSTANCE_ID REGION ZONE HOST_ID INSTANCE_TYPE NAME_TAG URL_TAG LABELS_TAG PARAMETER_TAG
  [ -n "$INSTANCE_ID" ]
}
