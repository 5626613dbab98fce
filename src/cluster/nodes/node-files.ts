import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createPrivateKey } from "node:crypto"
import { join } from "node:path"
import { decodePem } from "../../base/real/x509/pem.ts"
import type { Connection } from "../../client/real/connection.ts"
import { readKubeconfig, resolveContext } from "../../client/real/kubeconfig.ts"
import { writeKubeconfig } from "../certificates/kubeconfig.ts"
import { findKeyPair, type KeyPair, keyPair, writeKeyPair } from "../certificates/key-pair-files.ts"
import type { KubeletFiles } from "./kubelet-files.ts"
import type { DataDirectory } from "../data-directory.ts"

/** What such a node is told, in `nodes/NAME/node.json`. */
export interface NodeSettings extends KubeletFiles {
  /** Its addresses in a network namespace of its own. @default the machine's */
  readonly ownAddresses?: readonly string[]
  /** Which of the machine's addresses are its own, in their order. @default those that lead to the world */
  readonly nodeIps?: readonly string[]
  /** It has joined by itself, and asks for its certificates anew before they end. @default its cluster's process does */
  readonly keepsCertificates?: boolean
}

export interface NodeFiles {
  readonly server: string
  readonly authorityPem: string
  readonly client: Pick<KeyPair, "certificatePem" | "keyPem">
  readonly settings: NodeSettings
}

const servingName = "kubelet"

const pathsOf = (directory: DataDirectory, name: string) => ({
  kubeconfig: join(directory.nodeDirectory(name), "kubeconfig"),
  settings: join(directory.nodeDirectory(name), "node.json"),
  pki: join(directory.nodeDirectory(name), "pki"),
})

/** Tells a node who it is and where its cluster. Keys are for their owner's eyes (mode 0600). */
export function writeNodeFiles(directory: DataDirectory, name: string, files: NodeFiles): void {
  const paths = pathsOf(directory, name)
  mkdirSync(directory.nodeDirectory(name), { recursive: true, mode: 0o755 })
  writeFileSync(paths.settings, `${JSON.stringify(files.settings)}\n`)
  writeKubeconfig(paths.kubeconfig, {
    name: "coracle",
    user: `system:node:${name}`,
    server: files.server,
    authorityPem: files.authorityPem,
    client: files.client,
  })
}

/** What the node works by from its next start on; what the change does not name stays as it was. */
export function changeNodeSettings(directory: DataDirectory, name: string, change: NodeSettings): void {
  if (Object.keys(change).length === 0) return
  const settings = { ...findNodeSettings(directory, name), ...change }
  writeFileSync(pathsOf(directory, name).settings, `${JSON.stringify(settings)}\n`)
}

export function writeServingPair(directory: DataDirectory, name: string, pair: KeyPair): void {
  writeKeyPair(pathsOf(directory, name).pki, servingName, pair)
}

export function findServingPair(directory: DataDirectory, name: string): KeyPair | undefined {
  return findKeyPair(pathsOf(directory, name).pki, servingName)
}

/** The file that is replaced last when a node's certificates are renewed. */
export function credentialFile(directory: DataDirectory, name: string): string {
  return pathsOf(directory, name).kubeconfig
}

/** True for a node that has joined from here, or was made to run beside others on this machine. */
export function hasNodeFiles(directory: DataDirectory, name: string): boolean {
  return existsSync(pathsOf(directory, name).kubeconfig)
}

/** Undefined for a node that runs in its cluster's process. */
export function findNodeSettings(directory: DataDirectory, name: string): NodeSettings | undefined {
  const { settings } = pathsOf(directory, name)
  return existsSync(settings) ? (JSON.parse(readFileSync(settings, "utf8")) as NodeSettings) : undefined
}

export async function readConnection(directory: DataDirectory, name: string): Promise<Connection> {
  return resolveContext(await readKubeconfig(pathsOf(directory, name).kubeconfig)).connection
}

/** Undefined serving: none has been signed yet. */
export interface NodeKeyPairs {
  readonly client: KeyPair
  readonly serving: KeyPair | undefined
}

export async function readKeyPairs(directory: DataDirectory, name: string): Promise<NodeKeyPairs> {
  const { clientCertificate, clientKey } = await readConnection(directory, name)
  const [der] = decodePem("CERTIFICATE", clientCertificate ?? "")
  if (!der || !clientKey)
    throw new Error(`${pathsOf(directory, name).kubeconfig} has no client certificate: join the node again`)
  return { client: keyPair(der, createPrivateKey(clientKey)), serving: findServingPair(directory, name) }
}
