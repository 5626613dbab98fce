import { Node } from "../../api/core/v1/node.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { AlternativeNames } from "../../base/real/x509/names.ts"
import type { Client } from "../../client/client.ts"
import { renewalDue } from "../certificates/issue-certificate.ts"
import type { KeyPair } from "../certificates/key-pair-files.ts"
import { requestCertificate } from "./request-certificate.ts"

export interface KeepCertificatesOptions {
  readonly nodeName: string
  readonly client: Client
  /** Today's; no serving certificate of the cluster's authority yet: undefined. */
  readonly current: () => { readonly client: KeyPair; readonly serving: KeyPair | undefined }
  readonly replaceClient: (pair: KeyPair) => Promise<void>
  readonly replaceServing: (pair: KeyPair) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

const lookMs = 60 * 60_000
const retryMs = 5000
/** A request that nobody has approved by then is made anew. */
const approvalMs = 15 * 60_000

/** Asks for the node's certificates again when a third of their life is left, until `signal` aborts. */
export async function keepCertificates(options: KeepCertificatesOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options
  while (!signal.aborted) {
    let waitMs = lookMs
    try {
      await renewDue(options)
    } catch (error) {
      if (signal.aborted) return
      log.warn("no new certificate, trying again", { error })
      waitMs = retryMs
    }
    await sleep(clock, waitMs, signal)
  }
}

async function renewDue(options: KeepCertificatesOptions): Promise<void> {
  const { client, clock, nodeName, current, replaceClient, replaceServing, log } = options
  const now = clock.now()
  if (now >= renewalDue(current().client)) {
    const signerName = "kubernetes.io/kube-apiserver-client-kubelet"
    await replaceClient(await requestCertificate(client, clock, { signerName, nodeName }, approvalMs))
    log.info("the node's client certificate was renewed")
  }
  const { serving } = current()
  const alternativeNames = await namesOf(client, nodeName)
  if (serving && now < renewalDue(serving) && covers(serving, alternativeNames)) return
  const signerName = "kubernetes.io/kubelet-serving"
  await replaceServing(
    await requestCertificate(client, clock, { signerName, nodeName, alternativeNames }, approvalMs),
  )
  log.info("the kubelet's serving certificate was signed")
}

/** What the Node's status says: nothing else is approved. Throws while the node is not registered. */
async function namesOf(client: Client, name: string): Promise<AlternativeNames> {
  const node = await client.get(Node, { name }).catch(ignoreNotFound)
  const addresses = node?.status?.addresses ?? []
  const ipAddresses = addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address)
  if (ipAddresses.length === 0) throw new Error("the node is not registered yet")
  return { dnsNames: [name], ipAddresses }
}

function covers({ certificate }: KeyPair, wanted: AlternativeNames): boolean {
  const { alternativeNames: have } = certificate.extensions
  return (wanted.ipAddresses ?? []).every((address) => have.ipAddresses.includes(address))
}
