// Bundles src/cli.ts into dist/: one file is read at start instead of hundreds, which is most of what makes it quick.
// Rarely used parts are imported lazily in the source and become files of their own.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

export async function build() {
  if (isFresh()) return
  const { build } = await import("esbuild")
  rmSync(join(root, "dist"), { recursive: true, force: true })
  mkdirSync(join(root, "dist"), { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: { coracle: "src/cli.ts" },
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Bundled CommonJS packages call require(); an ES module has none.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    sourcemap: "linked",
    legalComments: "linked",
    logLevel: "warning",
  })
  const { writeDescriptions } = await import("./descriptions.mjs").catch(() => ({}))
  await writeDescriptions?.(join(root, "dist/descriptions.json"))
}

/** Nothing under src/ or in the lock file is newer than the bundle. */
function isFresh() {
  const bundle = join(root, "dist/coracle.js")
  if (!existsSync(bundle)) return false
  const builtAt = statSync(bundle).mtimeMs
  const sources = ["package-lock.json", "tools/build.mjs", "tools/descriptions.mjs"]
    .map((file) => join(root, file))
    .filter(existsSync)
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) sources.push(join(entry.parentPath ?? entry.path, entry.name))
  }
  return sources.every((file) => statSync(file).mtimeMs <= builtAt)
}

if (fileURLToPath(import.meta.url) === process.argv[1]) await build()
