export interface ZoneSettings {
  /** "cluster.local" */
  readonly zone: string
  readonly ttlSeconds: number
  /** Changes when the zone does. */
  readonly serial: number
  /** Where this server is reached, for the zone's own name server record. */
  readonly serverAddresses: readonly string[]
}
