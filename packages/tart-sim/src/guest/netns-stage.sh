#!/bin/sh
# Between the network of a simulated Mac and that of its guest: runs in namespaces of its own for
# network, name and mounts, plugs the guest into the Mac's bridge, then becomes the guest (bwrap).
#   $1 guest's address  $2 its name  $3 name of the cable's end at the Mac  $4 directory for /usr
#   $5 what /usr is made of (overlay lowerdir)  the rest: the command
#   9  the Mac's network namespace
# There is no named namespace: the cable goes with the guest's last process, so nothing can leak.
set -eu
address=$1 name=$2 cable=$3 usr=$4 layers=$5
shift 5
hostname "$name"
ip link add eth0 type veth peer name "$cable" netns /proc/self/fd/9
nsenter --net=/proc/self/fd/9 ip link set "$cable" master bridge100 up
exec 9<&-
ip link set lo up
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add default via "${address%.*}.1"
# sshd runs as the guest's admin and has its usual port all the same.
echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
mount -t overlay overlay -o "lowerdir=$layers" "$usr"
exec "$@"
