#!/bin/sh
# box.sh COMMAND...: runs a command on a machine of its own, as far as the kernel can make one of namespaces: its own network,
# processes, mounts, control groups and /run. Two of them see nothing of each other, and whatever the command leaves behind
# (clusters, containers, rules, mounts) ends with it. Files outside /run are shared.
#
# It ends when the command ends or when standard input does: whoever holds the other end of that pipe may be killed without
# a word, and still nothing stays. Needs root.
set -eu

name=coracle-box-$$
inside=$(dirname "$0")/inside.sh
groups=/sys/fs/cgroup

# A control group of the box's own in every tree: one tree in version 2, one per controller in version 1.
if [ -e $groups/cgroup.controllers ]; then
  trees=$groups
  sed 's/[^ ]\+/+&/g' $groups/cgroup.controllers > $groups/cgroup.subtree_control
  # A group gives its groups controllers only while no process is right in it.
  own=$groups/$name/processes
  mkdir -p $own
else
  trees=$(find $groups -mindepth 1 -maxdepth 1 -type d)
  own=
  for tree in $trees; do mkdir "$tree/$name"; done
  # Nobody can enter this one until it is said which processors and memory are for it.
  for each in cpus mems; do
    [ ! -d $groups/cpuset ] || cat $groups/cpuset/cpuset.$each > $groups/cpuset/$name/cpuset.$each
  done
fi

exec 4<&0
(
  for tree in $trees; do sh -c 'echo $PPID' > "$tree/$name/cgroup.procs"; done
  exec 5< /proc/self/ns/net
  # Its root is the group in which it is made; only then it goes one deeper.
  exec unshare --cgroup sh -c '[ -z "$1" ] || echo $$ > "$1/cgroup.procs"; shift; exec "$@"' sh "$own" \
    unshare --net --mount --uts --ipc --pid --mount-proc --fork --kill-child sh "$inside" "$@" 4<&- < /dev/null
) &
box=$!
(
  while read -r _; do :; done
  kill -KILL $box
) <&4 2> /dev/null &
ear=$!
exec 4<&-

status=0
wait $box 2> /dev/null || status=$?
kill $ear 2> /dev/null || :

# The last processes of a dying namespace are a moment in going, and their groups can't go before them.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  find $groups -depth -type d \( -name $name -o -path "*/$name/*" \) -exec rmdir {} + 2> /dev/null && break
  sleep 0.1
done
exit $status
