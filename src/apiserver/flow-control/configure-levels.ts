import type { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import type { LevelConfiguration } from "./priority-level.ts"

/** What the levels' shares are in seats of this server. Rounded up, so that together they may be a few more than it has. */
export function configureLevels(
  levels: readonly PriorityLevelConfiguration[],
  totalSeats: number,
): Map<string, LevelConfiguration> {
  const shares = levels.reduce((sum, { spec }) => sum + sharesOf(spec), 0)
  return new Map(
    levels.map(({ metadata, spec }) => {
      const nominal = shares === 0 ? 0 : Math.ceil((totalSeats * sharesOf(spec)) / shares)
      return [metadata.name, configurationOf(spec, nominal, totalSeats)]
    }),
  )
}

function sharesOf({ limited, exempt }: PriorityLevelConfiguration["spec"]): number {
  return (limited ?? exempt)?.nominalConcurrencyShares ?? 0
}

function configurationOf(
  { limited, exempt }: PriorityLevelConfiguration["spec"],
  nominal: number,
  totalSeats: number,
): LevelConfiguration {
  const queuing = limited?.limitResponse.type === "Queue" ? limited.limitResponse.queuing : undefined
  const lendablePercent = (limited ?? exempt)?.lendablePercent ?? 0
  const borrowingPercent = limited?.borrowingLimitPercent
  const borrowing =
    borrowingPercent === undefined ? totalSeats : Math.round((nominal * borrowingPercent) / 100)
  return {
    isExempt: !limited,
    nominal,
    lower: nominal - Math.round((nominal * lendablePercent) / 100),
    upper: nominal + borrowing,
    ...(queuing && { queuing }),
  }
}
