#!/bin/sh
# A network of simulated Macs for end-to-end tests, all inside namespaces that end with the command:
#
#   lab-net.sh MACS COMMAND [ARGUMENTS]
#
# runs COMMAND (as root of a user namespace when the caller is not root) beside these networks:
#
#   lab-cp           10.77.0.1      for the control plane
#   lab-mac1, …      10.77.0.11, …  a Mac each: bridge100 is 192.168.64.1/24, guests go out by NAT
#   COMMAND itself   10.77.0.254
#
# Enter them by `ip netns exec lab-mac1 …`. There is no default route: nothing can leave.
set -eu
macs=$1
if [ "${TART_SIM_LAB:-}" != inside ]; then
  if [ "$(id -u)" -eq 0 ]; then as=; else as=-r; fi
  TART_SIM_LAB=inside
  export TART_SIM_LAB
  exec unshare $as --net --mount --uts --fork --pid --kill-child --mount-proc -- /bin/sh "$0" "$@"
fi
shift
PATH=$PATH:/usr/sbin:/sbin

plug() {
  ip netns add "$1"
  ip link add eth0 netns "$1" type veth peer name "$1"
  ip link set "$1" master lan up
  ip -n "$1" link set lo up
  ip -n "$1" address add "$2/24" dev eth0
  ip -n "$1" link set eth0 up
}

mount -t tmpfs tmpfs /run
ip link set lo up
# A bridge without an address of its own takes one of its ports', and another one when that port goes: packets
# to it are lost until everybody has asked again.
ip link add lan address 02:00:00:00:00:01 type bridge
ip address add 10.77.0.254/24 dev lan
ip link set lan up
plug lab-cp 10.77.0.1
mac=1
while [ "$mac" -le "$macs" ]; do
  plug "lab-mac$mac" "10.77.0.$((10 + mac))"
  ip -n "lab-mac$mac" link add bridge100 address 02:00:00:00:64:01 type bridge
  ip -n "lab-mac$mac" address add 192.168.64.1/24 dev bridge100
  ip -n "lab-mac$mac" link set bridge100 up
  ip netns exec "lab-mac$mac" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  ip netns exec "lab-mac$mac" iptables -t nat -A POSTROUTING -s 192.168.64.0/24 -o eth0 -j MASQUERADE
  mac=$((mac + 1))
done
exec "$@"
