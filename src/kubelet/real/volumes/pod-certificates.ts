import { generateKeyPair, type KeyObject } from "node:crypto"
import { promisify } from "node:util"
import { parseTime } from "../../../apimachinery/time.ts"
import { PodCertificateRequest } from "../../../api/certificates/v1beta1/pod-certificate-request.ts"
import { Node } from "../../../api/core/v1/node.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { PodCertificateProjection } from "../../../api/core/v1/projected-volume.ts"
import { ServiceAccount } from "../../../api/core/v1/service-account.ts"
import { encodeBase64 } from "../../../base/base64.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Random } from "../../../base/random.ts"
import { signCertificateRequest } from "../../../base/real/x509/certificate-request.ts"
import { decodePem, encodePem } from "../../../base/real/x509/pem.ts"
import type { Client } from "../../../client/client.ts"
import type { EventRecorder } from "../../../client/event-recorder.ts"

export interface PodCertificatesOptions {
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  /** All requests of this node's pods. */
  readonly requests: () => Promise<readonly PodCertificateRequest[]>
  readonly events: () => Pick<EventRecorder, "event">
}

export interface Credential {
  /** PEM. */
  readonly key: string
  /** PEM, the pod's own first. */
  readonly chain: string
}

interface Pending {
  readonly name: string
  readonly key: string
  readonly createdAtMs: number
}

interface Issued extends Credential {
  readonly refreshAtMs: number
}

/** A source of a pod's volume, by pod, volume and place in it. */
interface Source {
  issued?: Issued
  pending?: Pending
  /** It will never be issued, and why. */
  refusal?: string
}

/** A request that has not come into sight by then was deleted. */
const lostMs = 10 * 60_000
const jitterMs = 5 * 60_000

/**
 * Certificates for pods: a key is made here and never leaves the node's memory and the pod's volume; somebody signs the
 * request for it (https://kep.k8s.io/4317). Before a certificate ends, it is asked for anew, with a new key.
 */
export class PodCertificates {
  readonly #options: PodCertificatesOptions
  readonly #sources = new Map<string, Map<string, Source>>()

  constructor(options: PodCertificatesOptions) {
    this.#options = options
  }

  /** The current one, asking for it when it is time. Throws, in upstream's words, while there is none. */
  async get(pod: Pod, place: string, projection: PodCertificateProjection): Promise<Credential> {
    const ofPod = this.#sources.get(pod.metadata.uid) ?? new Map<string, Source>()
    this.#sources.set(pod.metadata.uid, ofPod)
    const source = ofPod.get(place) ?? {}
    ofPod.set(place, source)
    const requests = await this.#options.requests()
    if (source.pending) this.#settle(pod, source, source.pending, requests)
    if (source.refusal) throw new Error(source.refusal)
    const now = this.#options.clock.now()
    const isDue = !source.issued || now >= source.issued.refreshAtMs
    if (isDue && !source.pending) {
      try {
        source.pending = await this.#request(pod, projection)
      } catch (error) {
        // An old certificate beats none.
        if (!source.issued) throw error
      }
    }
    if (source.issued) return source.issued
    throw new Error("credential bundle is not issued yet")
  }

  /** When the first of the pod's certificates has to be renewed. */
  refreshAtMs(podUid: string): number | undefined {
    const times = [...(this.#sources.get(podUid)?.values() ?? [])].flatMap(({ issued, pending }) =>
      issued && !pending ? [issued.refreshAtMs] : [],
    )
    return times.length === 0 ? undefined : Math.min(...times)
  }

  forget(podUid: string): void {
    this.#sources.delete(podUid)
  }

  /** What has come of a request. */
  #settle(
    pod: Pod,
    source: Source,
    { name, key, createdAtMs }: Pending,
    requests: readonly PodCertificateRequest[],
  ): void {
    const { clock, random, events } = this.#options
    const { namespace } = pod.metadata
    const request = requests.find(
      (each) => each.metadata.name === name && each.metadata.namespace === namespace,
    )
    if (!request) {
      if (clock.now() - createdAtMs > lostMs) delete source.pending
      return
    }
    const { conditions = [], certificateChain = "", beginRefreshAt } = request.status ?? {}
    const verdict = conditions.find(({ type }) => ["Denied", "Failed", "Issued"].includes(type))
    if (!verdict) return
    delete source.pending
    const { type, reason = "", message = "" } = verdict
    if (type === "Issued") {
      const refreshAtMs = parseTime(beginRefreshAt ?? "") + random.next() * jitterMs
      source.issued = { key, chain: cleanChain(certificateChain), refreshAtMs }
      return
    }
    const what = type === "Denied" ? "was denied" : "failed"
    source.refusal = `PodCertificateRequest was permanently ${type.toLowerCase()}: reason=${JSON.stringify(reason)} message=${JSON.stringify(message)}`
    delete source.issued
    const text = `PodCertificateRequest ${namespace}/${name} ${what}, reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`
    events().event(pod, "Warning", type, text)
  }

  async #request(pod: Pod, projection: PodCertificateProjection): Promise<Pending> {
    const { client, nodeName, clock } = this.#options
    const { name, namespace = "", uid } = pod.metadata
    const { serviceAccountName = "default" } = pod.spec
    const [account, node, key] = await Promise.all([
      client.get(ServiceAccount, { namespace, name: serviceAccountName }),
      client.get(Node, { name: nodeName }),
      makeKey(projection.keyType),
    ])
    const { signerName, maxExpirationSeconds, userAnnotations } = projection
    const created = await client.create(PodCertificateRequest, {
      metadata: {
        namespace,
        generateName: "req-",
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid }],
      },
      spec: {
        signerName,
        podName: name,
        podUID: uid,
        serviceAccountName,
        serviceAccountUID: account.metadata.uid,
        nodeName,
        nodeUID: node.metadata.uid,
        ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
        stubPKCS10Request: encodeBase64(signCertificateRequest({ subject: { commonName: "" } }, key)),
        ...(userAnnotations && { unverifiedUserAnnotations: userAnnotations }),
      },
    })
    const pem = key.export({ type: "pkcs8", format: "pem" }) as string
    return { name: created.metadata.name, key: pem, createdAtMs: clock.now() }
  }
}

const generate = promisify(generateKeyPair)

/** Beside everything else: a big RSA key takes seconds. */
async function makeKey(type: string): Promise<KeyObject> {
  const curve = { ECDSAP256: "prime256v1", ECDSAP384: "secp384r1", ECDSAP521: "secp521r1" }[type]
  if (curve) return (await generate("ec", { namedCurve: curve })).privateKey
  const modulusLength = { RSA3072: 3072, RSA4096: 4096 }[type]
  if (modulusLength) return (await generate("rsa", { modulusLength })).privateKey
  if (type === "ED25519") return (await generate("ed25519")).privateKey
  throw new Error(`while generating keypair: unknown key type ${JSON.stringify(type)}`)
}

/** The certificates alone, without what may stand between them. */
function cleanChain(pem: string): string {
  return decodePem("CERTIFICATE", pem)
    .map((der) => encodePem("CERTIFICATE", der))
    .join("")
}
