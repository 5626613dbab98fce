import { Counter, Histogram, type Metric } from "../../base/metrics.ts"

const bounds = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index)
const [hour, day] = [3600, 86_400]
/** From half an hour to a year. */
const lifetimeBounds = [
  0,
  hour / 2,
  hour,
  2 * hour,
  6 * hour,
  12 * hour,
  ...[1, 2, 4, 7, 30, 90, 180, 360].map((days) => days * day),
]
/** Names of more users than this are not told apart: who comes with a new one each time fills no memory. */
const maxUsers = 1000

/** Who came, and whether they might, under upstream's names. */
export class AccessMetrics {
  readonly #users = new Counter({
    name: "authenticated_user_requests",
    help: "[ALPHA] Counter of authenticated requests broken out by username.",
    labels: ["username"],
  })
  readonly #authentications = new Counter({
    name: "authentication_attempts",
    help: "[ALPHA] Counter of authenticated attempts.",
    labels: ["result"],
  })
  readonly #authenticationTimes = new Histogram(
    {
      name: "authentication_duration_seconds",
      help: "[ALPHA] Authentication duration in seconds broken out by result.",
      labels: ["result"],
    },
    bounds,
  )
  readonly #authorizations = new Counter({
    name: "authorization_attempts_total",
    help: "[ALPHA] Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
    labels: ["result"],
  })
  readonly #authorizationTimes = new Histogram(
    {
      name: "authorization_duration_seconds",
      help: "[ALPHA] Authorization duration in seconds broken out by result.",
      labels: ["result"],
    },
    bounds,
  )
  readonly #handshakeErrors = new Counter({
    name: "apiserver_tls_handshake_errors_total",
    help: "[ALPHA] Number of requests dropped with 'TLS handshake error from' error",
  })
  readonly #lifetimes = new Histogram(
    {
      name: "apiserver_client_certificate_expiration_seconds",
      help: "[ALPHA] Distribution of the remaining lifetime on the certificate used to authenticate a request.",
    },
    lifetimeBounds,
  )
  readonly #known = new Set<string>()

  get metrics(): readonly Metric[] {
    return [
      this.#users,
      this.#authentications,
      this.#authenticationTimes,
      this.#authorizations,
      this.#authorizationTimes,
      this.#handshakeErrors,
      this.#lifetimes,
    ]
  }

  authenticated(result: "success" | "failure" | "error", user: string, seconds: number): void {
    this.#authentications.add(1, result)
    this.#authenticationTimes.observe(seconds, result)
    if (result === "success") this.#users.add(1, this.#label(user))
  }

  authorized(result: "allowed" | "denied" | "no-opinion", seconds: number): void {
    this.#authorizations.add(1, result)
    this.#authorizationTimes.observe(seconds, result)
  }

  handshakeFailed(): void {
    this.#handshakeErrors.add(1)
  }

  /** Somebody came with a certificate that is good for so long. */
  certificateUsed(leftSeconds: number): void {
    this.#lifetimes.observe(leftSeconds)
  }

  /** As upstream: what people are called is told of components alone. */
  #label(user: string): string {
    if (this.#known.size < maxUsers) this.#known.add(user)
    return this.#known.has(user) ? user : "other"
  }
}
