/**
 * Shuffle sharding: a flow may use only a few of the queues, a hand dealt from them as from a deck of cards. One that floods
 * fills its own hand, and hardly anybody else has been dealt the same.
 */

/** 52 bits of a flow's name: as many as dealing eight of 64 queues needs, about. */
export function hashFlow(schema: string, distinguisher: string): number {
  // Two of FNV-1a with different beginnings, of 26 bits each.
  let low = 2_166_136_261
  let high = 3_735_928_559
  const text = `${schema}\0${distinguisher}`
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 16_777_619)
    high = Math.imul(high ^ code, 16_777_619)
  }
  return (mix(high) >>> 6) * 2 ** 26 + (mix(low) >>> 6)
}

/** So that each bit of what comes out depends on each that went in. */
function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2_b2_ae_35)
  return twice ^ (twice >>> 16)
}

/** `handSize` different numbers below `deckSize`, the same for the same hash. */
export function dealHand(hash: number, deckSize: number, handSize: number): number[] {
  const places: number[] = []
  const hand: number[] = []
  let rest = hash
  for (let dealt = 0; dealt < Math.min(handSize, deckSize); dealt++) {
    const left = deckSize - dealt
    let card = rest % left
    rest = Math.floor(rest / left)
    places.push(card)
    // Its place among those that were left, taken back to what it was before each earlier one was drawn.
    for (let earlier = dealt - 1; earlier >= 0; earlier--) if (card >= places[earlier]!) card++
    hand.push(card)
  }
  return hand
}
