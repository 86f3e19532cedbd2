/** Minor units as people read them, in mails and in what operators see, with as many decimals as the currency has: `CHF 12.90`. */
export const moneyInWords = (minor: number, currency: string): string => {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2)).replaceAll("\u00a0", " ")
}
