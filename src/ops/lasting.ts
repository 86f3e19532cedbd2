/** A length of time in its largest unit that is not below two: `90 s`, `3 min`, `4 h`, `2 days`. What is below zero is `0 s`. */
export const lasting = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 120) return `${whole} s`
  if (whole < 7_200) return `${Math.round(whole / 60)} min`
  return whole < 172_800 ? `${Math.round(whole / 3_600)} h` : `${Math.round(whole / 86_400)} days`
}
