// What a person sees while something takes long: a line on stderr at once, and a sign of life every few seconds.
// On a terminal the sign of life replaces itself; in a log each is a line of its own.

const everyMillis = 3_000

export const say = (line) => process.stderr.write(`holdfast: ${line}\n`)

/** Says `line`, then `stillHere(seconds)` every few seconds, until the returned function is called. */
export const sayWhile = (line, stillHere) => {
  const start = Date.now()
  const terminal = process.stderr.isTTY === true
  const seconds = () => Math.round((Date.now() - start) / 1000)
  say(line)
  const timer = setInterval(() => {
    const sign = `  ${stillHere(seconds())}`
    process.stderr.write(terminal ? `\r\u001B[K${sign}` : `${sign}\n`)
  }, everyMillis)
  return () => {
    clearInterval(timer)
    if (terminal) process.stderr.write("\r\u001B[K")
    return seconds()
  }
}
