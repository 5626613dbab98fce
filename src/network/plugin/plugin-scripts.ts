import { quoteForShell } from "./quote-for-shell.ts"

/**
 * The program that containerd runs to connect a sandbox (https://www.cni.dev/docs/spec/). It decides nothing: the node
 * process has written a plan for the pod beforehand (pod-plan.ts), and this follows it. POSIX shell, because starting a
 * shell costs a millisecond and starting Node.js forty.
 *
 * DEL has nothing to do: the cable goes when the runtime removes the sandbox's network namespace, and waiting for the
 * kernel to remove it here would hold every pod's end up by 15 ms.
 */
export function pluginScript(plansDirectory: string): string {
  return `#!/bin/sh
# CNI plugin of this node: follows the plan that the node's own process wrote for the pod.
plans=${quoteForShell(plansDirectory)}

fail() { # code, message
  message=$(printf '%s' "$2" | tr '\\n"\\\\' "  '")
  printf '{"cniVersion":"0.4.0","code":%s,"msg":"%s"}\\n' "$1" "$message"
  exit 1
}

remove() { [ ! -e "/proc/sys/net/ipv4/conf/$interface" ] || ip link del "$interface"; }

case $CNI_COMMAND in
VERSION)
  echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}'
  exit 0
  ;;
ADD | CHECK | DEL) ;;
*) exit 0 ;;
esac

uid=\${CNI_ARGS##*K8S_POD_UID=}
uid=\${uid%%;*}
plan=$plans/$uid
if [ ! -r "$plan" ]; then
  [ "$CNI_COMMAND" != DEL ] || exit 0
  fail 11 "no address was prepared for the pod with uid $uid: only this node's kubelet can start pods here"
fi
. "$plan"

case $CNI_COMMAND in
ADD)
  remove
  message=$(connect 2>&1) || { remove 2>/dev/null; fail 100 "cannot connect $CNI_NETNS: $message"; }
  echo "$CNI_NETNS" >"$plan.namespace"
  head=\${result%%NETNS*} tail=\${result#*NETNS}
  result=$head$CNI_NETNS$tail
  printf '%s\\n' "\${result%%IFNAME*}$CNI_IFNAME\${result#*IFNAME}"
  ;;
CHECK)
  [ -e "/proc/sys/net/ipv4/conf/$interface" ] || fail 101 "interface $interface of the pod is gone"
  ;;
esac
exit 0
`
}

/** containerd asks for a plugin of this name to bring "lo" up; the pod's plan does that already. */
export const loopbackScript = `#!/bin/sh
# CNI plugin for "lo", which the pod's own plan brings up.
read -r config || :
version=\${config#*\\"cniVersion\\":\\"}
version=\${version%%\\"*}
case $CNI_COMMAND in
VERSION) echo '{"cniVersion":"0.4.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0"]}' ;;
ADD)
  printf '{"cniVersion":"%s","interfaces":[{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"%s"}],' "$version" "$CNI_NETNS"
  printf '"ips":[{"version":"4","interface":0,"address":"127.0.0.1/8"}],"dns":{}}\\n'
  ;;
esac
`

/** containerd's list of plugins for every pod; it takes the first file of its configuration directory. */
export const pluginConfig = {
  fileName: "10-coracle.conflist",
  content: `${JSON.stringify({ cniVersion: "0.4.0", name: "coracle", plugins: [{ type: "coracle" }] })}\n`,
}
