// Completes package-lock.json after `npm install` against a registry mirror that lacks other platforms' binaries: npm
// leaves such optional packages out of the lock file, and `npm ci` then refuses it everywhere. Only names, versions and
// platforms are added; a machine of that platform fetches them as usual.
import { readFileSync, writeFileSync } from "node:fs"

const cpus = ["x64", "arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "loong64"]
const systems = {
  darwin: "darwin",
  linux: "linux",
  linuxmusl: "linux",
  win32: "win32",
  android: "android",
  freebsd: "freebsd",
  openharmony: "openharmony",
}

for (const file of process.argv.slice(2).length ? process.argv.slice(2) : ["package-lock.json"]) {
  const lock = JSON.parse(readFileSync(file, "utf8"))
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`
      if (lock.packages[place] || lock.packages[`${path}/${place}`]) continue
      const words = name.split(/[-/@]/)
      lock.packages[place] = {
        version: version.replace(/^[^\d]*/, ""),
        cpu: cpus.filter((cpu) => words.includes(cpu)),
        optional: true,
        os: [...new Set(words.map((word) => systems[word]).filter(Boolean))],
        ...(entry.dev && { dev: true }),
      }
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
