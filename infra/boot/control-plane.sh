#!/bin/bash
# Has an Amazon Linux 2023 machine run a control plane. Runs at every boot, as root, and does only what is not done yet.
# Set before it: SOURCE (the checkout, s3://….zip), VERSION (its hash), VOLUME (vol-…, its data), PUBLIC_URL;
# in tests also ROOT, a folder in place of /.
set -euo pipefail

root=${ROOT:-}
data=$root/var/lib/tartfleet
programs=$root/opt/tartfleet

command -v node-24 >/dev/null || dnf install -y -q nodejs24 nodejs24-npm
command -v unzip >/dev/null || dnf install -y -q unzip

id tartfleet >/dev/null 2>&1 || useradd --system --create-home --home-dir "$programs" --shell /sbin/nologin tartfleet

# The data. A volume shows up under its id, a while after the machine has started.
device="$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}"
for _ in {1..120}; do
  [ -e "$device" ] && break
  sleep 5
done
[ -e "$device" ] || {
  echo "$VOLUME was not attached within ten minutes" >&2
  exit 1
}
filesystem=0
blkid "$device" >/dev/null || filesystem=$?
case "$filesystem" in
  0) ;;
  2) mkfs.xfs -q "$device" ;; # blkid's way to say that there is none
  *) exit "$filesystem" ;;
esac
mkdir -p "$data"
grep -q " $data " "$root/etc/fstab" || echo "$device $data xfs defaults,nofail 0 2" >>"$root/etc/fstab"
mountpoint -q "$data" || mount "$data"
chown tartfleet:tartfleet "$data"
chmod 0700 "$data"

# The program. The first call of a task installs what it needs.
if [ ! -e "$programs/$VERSION/.complete" ]; then
  rm -rf "${programs:?}/$VERSION"
  mkdir -p "$programs/$VERSION"
  aws s3 cp --only-show-errors "$SOURCE" "$programs/source.zip"
  unzip -q "$programs/source.zip" -d "$programs/$VERSION"
  rm "$programs/source.zip"
  chown -R tartfleet:tartfleet "$programs/$VERSION"
  (cd "$programs/$VERSION" && runuser -u tartfleet -- env HOME="$programs" npm-24 run control-plane -- --version)
  touch "$programs/$VERSION/.complete"
fi
ln -sfn "$programs/$VERSION" "$programs/current"

cat >"$root/etc/systemd/system/tartfleet.service" <<UNIT
[Unit]
Description=tartfleet control plane
After=network-online.target
Wants=network-online.target
RequiresMountsFor=$data

[Service]
User=tartfleet
WorkingDirectory=$programs/current
EnvironmentFile=-$data/control-plane.env
ExecStart=/usr/bin/node-24 packages/control-plane/dist/main.mjs --listen :7337 --public-url $PUBLIC_URL --data-dir $data
Restart=always
RestartSec=5
TimeoutStopSec=30
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectHome=yes
ProtectSystem=strict
ReadWritePaths=$data

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable tartfleet
systemctl restart tartfleet
