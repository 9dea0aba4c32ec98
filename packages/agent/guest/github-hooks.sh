#!/bin/bash
# Enters this VM's hooks into the GitHub runner's .env, which the runner reads raw, and only when it starts.
# A hook that the image brings along is kept: it runs beside ours, and its exit code still counts.
# Run before the runner is started, any number of times.
{ set +ex; } 2>/dev/null

here=$(cd "${0%/*}" && pwd) || exit 1
runner=${here%/*}/actions-runner

# Prints the line of .env for a variable and our script, with the image's own hook in between if there is one.
hook() {
  own=$(sed -n "s/^$1=//p" "$runner/.env" 2>/dev/null | tail -n 1)
  case $own in
    '' | "$here"/*) ;;
    *)
      # shellcheck disable=SC2016
      if [ "$1" = ACTIONS_RUNNER_HOOK_JOB_STARTED ]; then
        printf '#!/bin/bash\n/bin/bash %q\nexec /bin/bash -e %q\n' "$here/$2" "$own" >"$here/image-$2"
      else
        printf '#!/bin/bash\nstatus=0\n/bin/bash -e %q || status=$?\n/bin/bash %q job_hook\nexit $status\n' \
          "$own" "$here/$2" >"$here/image-$2"
      fi
      ;;
  esac
  if [ -e "$here/image-$2" ]; then
    printf '%s=%s\n' "$1" "$here/image-$2"
  else
    printf '%s=%s\n' "$1" "$here/$2"
  fi
}

{
  grep -v -e '^ACTIONS_RUNNER_HOOK_JOB_STARTED=' -e '^ACTIONS_RUNNER_HOOK_JOB_COMPLETED=' "$runner/.env" 2>/dev/null
  hook ACTIONS_RUNNER_HOOK_JOB_STARTED job-started.sh
  hook ACTIONS_RUNNER_HOOK_JOB_COMPLETED suicide.sh
} >"$runner/.env.$$" && mv -f "$runner/.env.$$" "$runner/.env"
