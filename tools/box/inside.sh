#!/bin/sh
# The first process of a box: makes the namespaces a machine, then runs the command. A shell stays in front of it because the
# first process inherits orphans and must notice when they end.
set -eu

# Control groups as this box may see them: its own is the root.
groups=/sys/fs/cgroup
if [ -e $groups/cgroup.controllers ]; then
  umount -l $groups
  mount -t cgroup2 cgroup2 $groups
else
  trees=$(find $groups -mindepth 1 -maxdepth 1 -type d -printf '%f ')
  links=$(find $groups -mindepth 1 -maxdepth 1 -type l -printf '%f=%l ')
  mount -t tmpfs tmpfs $groups
  for tree in $trees; do
    mkdir "$groups/$tree"
    case $tree in
      unified) mount -t cgroup2 cgroup2 "$groups/$tree" ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup "$groups/$tree" ;;
      *) mount -t cgroup -o "$tree" cgroup "$groups/$tree" ;;
    esac
  done
  for link in $links; do ln -s "${link#*=}" "$groups/${link%%=*}"; done
fi

# Names of network namespaces, sockets of containerd and what clusters of a machine share are below /run. Often the system's
# nameserver is there as well.
nameserver=$(readlink -m /etc/resolv.conf)
nameservers=$(cat /etc/resolv.conf)
mount -t tmpfs tmpfs /run
mkdir -p /run/lock "$(dirname "$nameserver")"
case $nameserver in /run/*) echo "$nameservers" > "$nameserver" ;; esac

# An address and a way out of the machine, into a world that knows no way further and says so at once.
ip link set lo up
ip netns add outside
ip link add eth0 type veth peer name eth0 netns outside
ip addr add 10.200.0.2/24 dev eth0
ip link set eth0 up
ip netns exec outside sh -c "ip link set lo up && ip addr add 10.200.0.1/24 dev eth0 && ip link set eth0 up"
ip route add default via 10.200.0.1
# Who must fetch a program to test with asks in the machine's own network: ip netns exec machine COMMAND.
: > /run/netns/machine
mount --no-canonicalize --bind /proc/self/fd/5 /run/netns/machine
exec 5<&-

"$@"
exit $?
