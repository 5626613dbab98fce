/** What the proxy knows about the node it runs on. */
export interface NodeView {
  readonly nodeName: string
  /** Its label topology.kubernetes.io/zone. */
  readonly zone?: string | undefined
  /** Its InternalIPs. @default none */
  readonly addresses?: readonly string[]
}
