#!/bin/bash
# Everybody who may start the AMI gets what is in it.
set -euo pipefail
shopt -s nullglob

found=0
left() {
  echo "$* does not belong into an AMI" >&2
  found=1
}

for path in ~/.auto-login-password ~/.aws ~/.netrc ~/.config/gh/hosts.yml ~/.ssh/id_* ~/.ssh/known_hosts* \
  ~/.bash_history ~/.zsh_history ~/.tartfleet-agent/* ~/.ecr ~/Library/Logs/tartfleet/* \
  /usr/local/etc/tartfleet/host.env* /usr/local/aws/ec2-macos-init/instances/* /var/db/tartfleet \
  /var/log/tartfleet-boot.log /tmp/tartfleet-agent-*; do
  if [ -e "$path" ]; then left "$path"; fi
done
for path in /var/root/.aws /var/root/.bash_history /var/root/.zsh_history; do
  if sudo test -e "$path"; then left "$path"; fi
done
if grep -qs '"auth"' ~/.docker/config.json; then left "a login in $HOME/.docker/config.json"; fi
if grep -Eqs 'TOKEN|PASSWORD|^TARTFLEET_URL' /usr/local/etc/tartfleet/agent.env; then left "what agent.env says"; fi
# packer removes its own at the end.
if grep -vqs ' packer_' ~/.ssh/authorized_keys; then left "a key in $HOME/.ssh/authorized_keys"; fi

# And what an instance cannot do without is there.
grep -q '^ *RandomizePassword *= *false' /usr/local/aws/ec2-macos-init/init.toml
sudo test -f /etc/kcpassword
test -f /Library/LaunchDaemons/dev.tartfleet.boot.plist
test -x /usr/local/lib/tartfleet/current/boot/boot.sh
exit "$found"
