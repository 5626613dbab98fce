// Makes an image from what the machine has, as an OCI archive for `coracle image load`:
//   node tools/build-image.mjs busybox busybox.tar [--name busybox:local]
//   node tools/build-image.mjs node node.tar [--name node:local]
// A tag other than "latest" matters: an image called latest is looked for in its registry before every start.
import { build } from "esbuild"
import { mkdir } from "node:fs/promises"
import { fileURLToPath, pathToFileURL } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const [kind, output, ...rest] = process.argv.slice(2)
const nameAt = rest.indexOf("--name")

if (!["busybox", "node"].includes(kind) || !output || (nameAt >= 0 && !rest[nameAt + 1])) {
  console.error("usage: node tools/build-image.mjs busybox|node OUTPUT.tar [--name NAME]")
  process.exit(1)
}

const bundle = `${root}/node_modules/.cache/coracle/build-image.mjs`
await mkdir(`${root}/node_modules/.cache/coracle`, { recursive: true })
await build({
  entryPoints: [`${root}/test/e2e/images.ts`],
  bundle: true,
  platform: "node",
  format: "esm",
  outfile: bundle,
  logLevel: "error",
})
const { buildBusyboxImage, buildNodeImage } = await import(pathToFileURL(bundle).href)

const name = nameAt >= 0 ? rest[nameAt + 1] : `${kind}:local`
try {
  const make = kind === "busybox" ? buildBusyboxImage : buildNodeImage
  console.log(`${make(name, { output })} holds the image ${name}`)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
