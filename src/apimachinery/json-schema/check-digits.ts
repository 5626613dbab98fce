/** Numbers that carry a digit to check them by. */

/** https://en.wikipedia.org/wiki/Luhn_algorithm */
export function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "")
  if (!cards.test(digits)) return false
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index])
    const doubled = digit * (1 + (index % 2))
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

const cards =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/

/** "0-321-75104-3": https://en.wikipedia.org/wiki/ISBN#Check_digits */
export function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\t\n\f\r -]+/g, "")
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false
  return sumOfDigits(digits, (index) => index + 1) % 11 === 0
}

/** "978-0-321-75104-1" */
export function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\t\n\f\r -]+/g, "")
  if (!/^[0-9]{13}$/.test(digits)) return false
  return sumOfDigits(digits, (index) => (index % 2 === 0 ? 1 : 3)) % 10 === 0
}

/** "X" counts ten. */
function sumOfDigits(digits: string, weight: (index: number) => number): number {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    sum += weight(index) * (digits[index] === "X" ? 10 : Number(digits[index]))
  }
  return sum
}
