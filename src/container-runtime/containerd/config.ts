/** Where a private containerd keeps its things. Everything but sockets lies under the node's own directory. */
export interface ContainerdPaths {
  readonly directory: string
  readonly config: string
  /** Images, layers, metadata. Survives restarts. */
  readonly root: string
  /** Running tasks, network namespaces, mounts of root file systems. */
  readonly state: string
  readonly socket: string
  readonly log: string
  readonly pid: string
}

// A socket's path has 107 characters in Linux, and containerd adds ".ttrpc".
const maxSocketPath = 100

/** `shortDirectory` is for the sockets where `directory` is too long for them. */
export function containerdPaths(directory: string, shortDirectory: string): ContainerdPaths {
  const socket = `${directory}/containerd.sock`
  return {
    directory,
    config: `${directory}/config.toml`,
    root: `${directory}/root`,
    state: `${directory}/state`,
    socket: socket.length <= maxSocketPath ? socket : `${shortDirectory}/containerd.sock`,
    log: `${directory}/containerd.log`,
    pid: `${directory}/containerd.pid`,
  }
}

export interface ContainerdSettings {
  readonly paths: ContainerdPaths
  readonly sandboxImage: string
  readonly cniConfigDirectory: string
  readonly cniBinaryDirectory: string
  readonly snapshotter: "overlayfs" | "native"
  /** "hosts.toml" files per registry: mirrors, certificates. */
  readonly registryDirectory: string
  /** Whether out-of-memory scores below our own may be given; see `mayLowerOomScores`. */
  readonly lowerOomScores: boolean
}

/**
 * containerd's configuration (version 2 of the format, which 1.x and 2.x read). Streaming listens on a free port of
 * loopback; plugins that nobody uses are off because each costs time at start.
 */
export function renderConfig(settings: ContainerdSettings): string {
  const { paths } = settings
  const cri = `plugins."io.containerd.grpc.v1.cri"`
  const text = (value: string) => JSON.stringify(value)
  return `version = 2
root = ${text(paths.root)}
state = ${text(paths.state)}
oom_score = ${settings.lowerOomScores ? -999 : 0}
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.monitor.v1.cgroups",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = ${text(paths.socket)}

[ttrpc]
  address = ${text(`${paths.socket}.ttrpc`)}

[${cri}]
  sandbox_image = ${text(settings.sandboxImage)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  netns_mounts_under_state_dir = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  tolerate_missing_hugetlb_controller = true
  restrict_oom_score_adj = ${!settings.lowerOomScores}

  [${cri}.cni]
    bin_dir = ${text(settings.cniBinaryDirectory)}
    conf_dir = ${text(settings.cniConfigDirectory)}

  [${cri}.registry]
    config_path = ${text(settings.registryDirectory)}

  [${cri}.containerd]
    snapshotter = ${text(settings.snapshotter)}
    default_runtime_name = "runc"

    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [${cri}.containerd.runtimes.runc.options]
        Root = ${text(`${paths.state}/runc`)}
        SystemdCgroup = false
`
}
