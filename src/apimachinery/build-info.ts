import { gauge, type Metric } from "../base/metrics.ts"

/** Which program this is: what `kubectl version` shows. */
export interface BuildInfo {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** Every component tells them: alerts compare the versions of a cluster's components by it. */
export function buildMetrics(build: BuildInfo): readonly Metric[] {
  return [buildInfoMetric(build), versionMetric(build)]
}

/** What it runs as, and what may stand beside it. */
function versionMetric({ major, minor }: BuildInfo): Metric {
  const help =
    "[ALPHA] Provides the compatibility version info of the component. The component label is the name of the component, usually kube, but is relevant for aggregated-apiservers."
  const labels = ["component", "binary", "emulation", "min_compat"]
  const version = `${major}.${minor}`
  const oldest = `${major}.${Number(minor) - 1}`
  return gauge({ name: "version_info", help, labels }, () => [[1, "kube", `${version}.0`, version, oldest]])
}

function buildInfoMetric(build: BuildInfo): Metric {
  const fields = {
    build_date: build.buildDate,
    compiler: build.compiler,
    git_commit: build.gitCommit,
    git_tree_state: build.gitTreeState,
    git_version: build.gitVersion,
    go_version: build.goVersion,
    major: build.major,
    minor: build.minor,
    platform: build.platform,
  }
  const help =
    "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running."
  return gauge({ name: "kubernetes_build_info", help, labels: Object.keys(fields) }, () => [
    [1, ...Object.values(fields)],
  ])
}

/** The level of the API; what else is told identifies this program. */
export const thisBuild: BuildInfo = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0+coracle",
  gitCommit: "",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "typescript",
  platform: "linux/amd64",
}
