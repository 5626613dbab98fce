/** As Prometheus asks for it. */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8"
