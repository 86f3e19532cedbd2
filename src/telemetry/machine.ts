/**
 * What the operating system knows of this process: descriptors, network, and the room on its disks.
 *
 * It is looked up every five seconds, in the background, each look bounded: a scrape reads the last figures from memory, and a
 * disk that hangs keeps nobody waiting. What a platform does not tell is absent, not zero.
 */
import { access, readdir, readFile, statfs } from "node:fs/promises"
import * as path from "node:path"
import { Effect, Schedule, type Scope } from "effect"
import type { Reading } from "./readings.ts"

const lookEvery = Schedule.spaced("5 seconds")
const lookWithin = "2 seconds"

interface Figure extends Omit<Reading, "read"> {
  /** Absent where it is not told. */
  readonly look: () => Promise<number | undefined>
}

/** `undefined` where it cannot be had, or not in time. */
const looked = (look: Figure["look"]): Effect.Effect<number | undefined> =>
  Effect.tryPromise(look).pipe(
    Effect.timeout(lookWithin),
    Effect.match({ onSuccess: (value) => value, onFailure: () => undefined })
  )

const numberIn =
  (file: string, pattern: RegExp, factor = 1) =>
  async () => {
    const [, found] = pattern.exec(await readFile(file, "utf8")) ?? []
    return found === undefined ? undefined : Number(found) * factor
  }

/** Octets of the network that the process sees: in a container its own, else the machine's. The header names the column. */
const octets = (column: string) => async () => {
  const [header = "", values = ""] = (await readFile("/proc/self/net/netstat", "utf8"))
    .split("\n")
    .filter((line) => line.startsWith("IpExt:"))
  const value = values.split(" ")[header.split(" ").indexOf(column)]
  return value === undefined ? undefined : Number(value)
}

const isThere = (at: string): Promise<boolean> =>
  access(at).then(
    () => true,
    () => false
  )

/** A directory that is made later is on the disk of the first one above it that is there. */
const disk = async (directory: string): Promise<{ readonly free: number; readonly size: number }> => {
  const above = path.dirname(directory)
  if (above !== directory && !(await isThere(directory))) return disk(above)
  const { bavail, blocks, bsize } = await statfs(directory)
  return { free: bavail * bsize, size: blocks * bsize }
}

const figuresOf = (directories: Readonly<Record<string, string>>): ReadonlyArray<Figure> => [
  {
    type: "gauge",
    name: "process_open_fds",
    description: "Open file descriptors",
    // The one that lists them is one of them.
    look: async () => (await readdir("/proc/self/fd")).length - 1
  },
  {
    type: "gauge",
    name: "process_max_fds",
    description: "File descriptors that may be open at once",
    look: numberIn("/proc/self/limits", /^Max open files\s+(\d+)/m)
  },
  {
    type: "gauge",
    name: "process_virtual_memory_bytes",
    description: "Size of the virtual memory",
    look: numberIn("/proc/self/status", /^VmSize:\s+(\d+) kB/m, 1024)
  },
  {
    type: "counter",
    name: "process_network_receive_bytes_total",
    description: "Bytes that came in over the network that the process sees",
    look: octets("InOctets")
  },
  {
    type: "counter",
    name: "process_network_transmit_bytes_total",
    description: "Bytes that went out over the network that the process sees",
    look: octets("OutOctets")
  },
  {
    type: "counter",
    name: "process_disk_read_bytes_total",
    description: "Bytes that were read from disks",
    look: numberIn("/proc/self/io", /^read_bytes: (\d+)/m)
  },
  {
    type: "counter",
    name: "process_disk_written_bytes_total",
    description: "Bytes that were written to disks",
    look: numberIn("/proc/self/io", /^write_bytes: (\d+)/m)
  },
  ...Object.entries(directories).flatMap(([directory, at]): ReadonlyArray<Figure> => {
    const absolute = path.resolve(at)
    const attributes = { directory }
    return [
      {
        type: "gauge",
        name: "holdfast_disk_free_bytes",
        description: "Room that is left on the disk of a directory that this node writes to",
        attributes,
        look: async () => (await disk(absolute)).free
      },
      {
        type: "gauge",
        name: "holdfast_disk_size_bytes",
        description: "Size of the disk of a directory that this node writes to",
        attributes,
        look: async () => (await disk(absolute)).size
      }
    ]
  })
]

interface Known {
  readonly figure: Figure
  value: number
}
const readingOf = (known: Known): Reading => {
  const { look: _, ...described } = known.figure
  return { ...described, read: () => known.value }
}

/** `directories`: what each is for, and where it is. Watched until the scope closes. */
export const machineReadings = Effect.fnUntraced(function* (
  directories: Readonly<Record<string, string>>
): Effect.fn.Return<ReadonlyArray<Reading>, never, Scope.Scope> {
  const watched = yield* Effect.forEach(
    figuresOf(directories),
    (figure) => Effect.map(looked(figure.look), (value) => ({ figure, value })),
    { concurrency: "unbounded" }
  )
  const known = watched.flatMap(({ figure, value }) => (value === undefined ? [] : [{ figure, value }]))
  const again = Effect.forEach(known, (each) =>
    Effect.map(looked(each.figure.look), (value) => {
      if (value !== undefined) each.value = value
    })
  )
  yield* Effect.forkScoped(Effect.delay(Effect.repeat(again, lookEvery), "5 seconds"))
  return known.map(readingOf)
})
