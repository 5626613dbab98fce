/** What every pod may set, since only it feels it (https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/). */
const safe = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]

/** `allowed` has names beside the safe ones, or beginnings of names: "net.core.*". Slashes stand for dots. */
export function isAllowedSysctl(name: string, allowed: readonly string[]): boolean {
  const dotted = name.replaceAll("/", ".")
  return [...safe, ...allowed].some((pattern) =>
    pattern.endsWith("*") ? dotted.startsWith(pattern.slice(0, -1)) : dotted === pattern,
  )
}
