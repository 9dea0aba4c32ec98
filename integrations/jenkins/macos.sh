#!/bin/bash
# A macOS VM for one build, without the library: curl and jq alone.
#
#   macos.sh begin    makes the build's node and has a VM come for it; prints the node's name when its agent is there
#   macos.sh end      removes the node and ends the VM; a second time, or when there is nothing, does nothing
#
#   MACOS_IMAGE                      OCI reference or channel:NAME
#   MACOS_VM                         more of POST /v1/vms, as JSON: {"cpu": 4}
#   MACOS_CALL                       tells several VMs of one build apart (1)
#   MACOS_WAIT                       how long begin waits for the agent; seconds (3600)
#   TARTFLEET_URL, TARTFLEET_TOKEN   the control plane, and a token of role ci
#   JENKINS_USER, JENKINS_API_TOKEN  a user with Overall/Read, Agent/Create, Agent/Connect and Agent/Delete
#   JENKINS_URL, BUILD_TAG           as Jenkins sets them
#
# Secrets go to curl by files that only this user can read: every user of a machine can read a command line.
set -euo pipefail
umask 077

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
call=${MACOS_CALL:-1}

printf 'user = "%s:%s"\n' "$JENKINS_USER" "$JENKINS_API_TOKEN" >"$folder/jenkins"
{
  printf 'header = "Authorization: Bearer %s"\n' "$TARTFLEET_TOKEN"
  # A control plane that made its certificate itself is known by the pin at the end of its tokens.
  case $TARTFLEET_URL,$TARTFLEET_TOKEN in
    https:*,*.*) printf 'insecure\npinnedpubkey = "sha256//%s="\n' "$(printf '%s' "${TARTFLEET_TOKEN##*.}" | tr '_-' '/+')" ;;
  esac
} >"$folder/tartfleet"

# The build's readable name, and what no other build of any controller has: an agent's secret follows from it alone.
readable=$(printf '%s' "${BUILD_TAG#jenkins-}" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-' | tail -c 40)
readable=${readable#-}
digest=$(printf '%s %s %s' "$JENKINS_URL" "$BUILD_TAG" "$call" | { sha256sum 2>/dev/null || shasum -a 256; })
node=macos-${readable%-}-$call-${digest:0:8}

# ask jenkins|tartfleet STATUSES PATH [curl's options]: the answer goes to its file; fails for any other status.
ask() {
  local whom=$1 statuses=$2 path=$3 base=$TARTFLEET_URL status
  shift 3
  if [ "$whom" = jenkins ]; then base=$JENKINS_URL; fi
  # What curl retries are answers that pass, like 429 and 503, and a server that restarts.
  status=$(curl --silent --show-error --config "$folder/$whom" --output "$folder/answer" --write-out '%{http_code}' \
    --retry 8 --retry-connrefused --max-time 60 "$@" "${base%/}$path") || true
  case " $statuses " in *" $status "*) return ;; esac
  echo "$whom answered ${status:-nothing} to $path: $(head -c 1000 "$folder/answer" 2>/dev/null)" >&2
  return 1
}

make_node() {
  ask jenkins '200 404' "/computer/$node/api/json"
  if jq -e '.displayName' "$folder/answer" >/dev/null 2>&1; then return; fi
  jq -n --arg name "$node" --arg tag "$BUILD_TAG" '{
    name: $name, nodeDescription: ("by macos.sh of tartfleet, for " + $tag), numExecutors: "1", remoteFS: "jenkins",
    labelString: "", mode: "EXCLUSIVE", type: "hudson.slaves.DumbSlave",
    launcher: {"stapler-class": "hudson.slaves.JNLPLauncher", "$class": "hudson.slaves.JNLPLauncher", webSocket: true},
    retentionStrategy: {"stapler-class": "hudson.slaves.RetentionStrategy$Always", "$class": "hudson.slaves.RetentionStrategy$Always"},
    nodeProperties: {"stapler-class-bag": "true"}
  }' >"$folder/node.json"
  # A 400 is another attempt's node, which came between.
  ask jenkins '200 302 400' "/computer/doCreateItem?name=$node&type=hudson.slaves.DumbSlave" \
    --data-urlencode "json@$folder/node.json"
}

begin() {
  local body=${MACOS_VM:-} deadline=$((SECONDS + ${MACOS_WAIT:-3600}))
  make_node
  ask jenkins 200 "/computer/$node/jenkins-agent.jnlp"
  sed -n 's/.*<argument>\([0-9a-f]\{64\}\)<.*/\1/p' "$folder/answer" | head -1 >"$folder/secret"
  jq -n --arg node "$node" --arg image "$MACOS_IMAGE" --arg jenkins "$JENKINS_URL" --rawfile secret "$folder/secret" \
    --argjson more "${body:-{\}}" '{image: $image, jobId: $node} + $more + {
      labels: (($more.labels // {}) + {jenkins: $node}),
      runner: {kind: "jenkins", url: $jenkins, name: $node, secret: ($secret | rtrimstr("\n")), reconnectSeconds: 600}
    }' >"$folder/vm.json"
  # The same key and body give the same VM: a begin that is repeated makes no second one.
  ask tartfleet '200 201' /v1/vms -H "Idempotency-Key: jenkins:$node" -H 'Content-Type: application/json' \
    --data-binary "@$folder/vm.json"
  echo "VM $(jq -r .id "$folder/answer") for node $node" >&2
  while [ "$SECONDS" -lt "$deadline" ]; do
    ask jenkins 200 "/computer/$node/api/json"
    if jq -e '.offline == false' "$folder/answer" >/dev/null; then
      echo "$node"
      return
    fi
    ask tartfleet 200 "/v1/vms?label=jenkins%3D$node&limit=1"
    if jq -e '.vms[0].endedAt != null' "$folder/answer" >/dev/null; then
      jq -r '.vms[0] | "VM \(.id) ended: \(.end.reason): \(.end.error.message // .end.message)"' "$folder/answer" >&2
      return 1
    fi
    sleep "${MACOS_POLL:-5}"
  done
  echo "no agent within ${MACOS_WAIT:-3600} s" >&2
  return 1
}

# The node first: its agent's channel closes after all that the build said has come. Both are tried, whatever one says.
end() {
  local failed=0 id ids
  ask jenkins '200 302 404' "/computer/$node/doDelete" -X POST || failed=1
  ask tartfleet 200 "/v1/vms?label=jenkins%3D$node" || failed=1
  ids=$(jq -r '.vms[]? | select(.endedAt == null) | .id' "$folder/answer" 2>/dev/null || true)
  for id in $ids; do ask tartfleet '200 202 404' "/v1/vms/$id" -X DELETE || failed=1; done
  return "$failed"
}

case ${1:-} in
  begin) begin ;;
  end) end ;;
  *)
    echo "usage: macos.sh begin|end" >&2
    exit 2
    ;;
esac
