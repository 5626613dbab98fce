// The house's arrows (docs/architecture.md): base <- apimachinery <- api <- client <- components <- cluster.
// Components never import each other: they meet in the API, or across a node-local contract.
const layers = ["base", "apimachinery", "api", "client"]
const components = [
  "apiserver",
  "autoscaler",
  "container-runtime",
  "controller-manager",
  "dashboard",
  "dns",
  "ingress",
  "kubectl",
  "kubelet",
  "local-provisioner",
  "metrics-server",
  "network",
  "proxy",
  "scheduler",
]
const test =
  "\\.test\\.ts$|/testing\\.ts$|/testing/|-contract\\.ts$|/contract/|/contract-suite\\.ts$|/crash-writer\\.ts$"
const folders = (names) => `^src/(${names.join("|")})/`

/** Which contracts a component may use beside its own folder and the layers. */
const contracts = {
  // The API server is the one door to state.
  apiserver: ["etcd"],
  // The kubelet drives whatever implements the CRI.
  kubelet: ["container-runtime"],
}

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    ...layers.map((layer, index) => ({
      name: `${layer}-imports-only-downwards`,
      severity: "error",
      from: { path: `^src/${layer}/`, pathNot: test },
      to: { path: "^src/", pathNot: folders(layers.slice(0, index + 1)) },
    })),
    {
      name: "etcd-knows-no-kubernetes",
      severity: "error",
      from: { path: "^src/etcd/", pathNot: test },
      to: { path: "^src/", pathNot: folders(["etcd", "base"]) },
    },
    ...components.map((component) => ({
      name: `${component}-meets-others-in-the-api`,
      severity: "error",
      from: { path: `^src/${component}/`, pathNot: test },
      to: { path: "^src/", pathNot: folders([component, ...layers, ...(contracts[component] ?? [])]) },
    })),
    {
      name: "portable-core",
      comment: "runs in a browser tab: nothing from node: outside real/",
      severity: "error",
      from: {
        path: [
          "^src/(base|apimachinery|api|client|scheduler|controller-manager)/",
          "^src/etcd/(memory/|[^/]+$)",
          "^src/apiserver/(handlers|registry|watch-cache|admission|authorization)/",
        ],
        pathNot: ["/real/", "\\.real\\.ts$", "/real-[^/]+$", test],
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-test-code-in-production",
      severity: "error",
      from: { path: "^src/", pathNot: test },
      to: { path: test },
    },
    {
      name: "declared-dependencies-only",
      severity: "error",
      from: { path: "^src/", pathNot: test },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs", ".json"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
}
