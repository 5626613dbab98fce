// Makes a fresh clone ready: npm packages, and on Linux as root the system packages that real nodes need.
// Plain JavaScript without dependencies, since it runs before anything is installed. Runs in well under a second when
// there is nothing to do.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What a real node calls, by the Debian package that has it. */
export const nodePackages = {
  containerd: "containerd",
  runc: "runc",
  nft: "nftables",
  ip: "iproute2",
  conntrack: "conntrack",
}
/** What the tests and the README's first five minutes build their image from. */
const imagePackages = { busybox: "busybox-static" }
/** Real clients and servers that the tests talk to. */
const testPackages = {
  etcd: "etcd-server",
  etcdctl: "etcd-client",
  unzip: "unzip",
  curl: "curl",
  openssl: "openssl",
  "mkfs.ext4": "e2fsprogs",
  "/usr/lib/cni/ptp": "containernetworking-plugins",
}

export function setup({ forTests = false } = {}) {
  requireNode()
  ensureModules(root)
  if (forTests) ensureModules(join(root, "tools/import-rules"))
  ensureSystemPackages({ ...nodePackages, ...imagePackages, ...(forTests ? testPackages : {}) })
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`Node.js ${process.versions.node} is too old: Coracle needs 20.19 or later (https://nodejs.org).`)
}

/** Installs what the lock file says, unless exactly that is installed already. */
function ensureModules(directory) {
  const lock = createHash("sha256")
    .update(readFileSync(join(directory, "package-lock.json")))
    .digest("hex")
  const stamp = join(directory, "node_modules/.coracle-lock")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return
  say(`installing npm packages${directory === root ? "" : ` of ${directory.slice(root.length + 1)}`}`)
  // No package may run a script at install: everything that is used has its binaries inside the registry package.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: directory })
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, lock)
}

function ensureSystemPackages(commands) {
  const missing = Object.keys(commands).filter((command) => !findCommand(command))
  if (missing.length === 0) return
  const packages = missing.map((command) => commands[command])
  if (process.platform !== "linux") {
    return say(`${process.platform} has no Linux containers: the node will be simulated`)
  }
  if (process.getuid() !== 0 || !findCommand("apt-get")) {
    return say(
      `not installed here: ${packages.join(", ")} (as root on Debian or Ubuntu: apt-get install ${packages.join(" ")})`,
    )
  }
  say(`installing ${packages.join(", ")}`)
  withoutStartingServices(() => {
    const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } }
    run("apt-get", ["update", "-qq"], options)
    run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options)
  })
}

/** Debian starts a service when its package is installed; Coracle runs its own and leaves the system's alone. */
function withoutStartingServices(action) {
  const policy = "/usr/sbin/policy-rc.d"
  if (existsSync(policy)) return action()
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 })
  try {
    action()
  } finally {
    rmSync(policy, { force: true })
  }
}

export function findCommand(command) {
  if (command.startsWith("/")) return existsSync(command) ? command : undefined
  const directories = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]
  for (const directory of directories) {
    try {
      accessSync(join(directory, command), constants.X_OK)
      return join(directory, command)
    } catch {
      // not in this directory
    }
  }
  return undefined
}

/** Runs quietly; what the command said is shown only when it failed. */
function run(command, args, options) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26, ...options })
  if (result.status === 0) return
  process.stderr.write(`${result.stdout ?? ""}${result.stderr ?? ""}`)
  fail(`\`${command} ${args.join(" ")}\` failed${result.error ? `: ${result.error.message}` : ""}`)
}

function say(text) {
  process.stderr.write(`set-up: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

if (fileURLToPath(import.meta.url) === process.argv[1])
  setup({ forTests: process.argv.includes("--for-tests") })
