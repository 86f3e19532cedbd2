/**
 * This process as metrics, under the names that dashboards for Prometheus know: processor, memory, event loop, garbage
 * collector, descriptors, network, disks. Nothing of it is on a request's path.
 */
import { performance } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import { Effect, Layer } from "effect"
import { collectorReadings, eventLoopReadings } from "./eventLoop.ts"
import { machineReadings } from "./machine.ts"
import { type Reading, registerReadings } from "./readings.ts"

interface Identity {
  /** What this node does: `all`, `api`, `worker`. */
  readonly role: string
  /** Directories that this node writes to, by what they are for. */
  readonly directories: Readonly<Record<string, string>>
}

const micros = 1e6

const own = ({ role }: Identity): ReadonlyArray<Reading> => [
  {
    type: "gauge",
    name: "holdfast_node_info",
    description: "1; what this node does",
    attributes: { role },
    read: () => 1
  },
  {
    type: "gauge",
    name: "nodejs_version_info",
    description: "1; the version of Node",
    attributes: { version: process.version },
    read: () => 1
  },
  {
    type: "counter",
    name: "process_cpu_seconds_total",
    description: "Processor time, user and system",
    read: () => {
      const { system, user } = process.cpuUsage()
      return (system + user) / micros
    }
  },
  {
    type: "gauge",
    name: "process_start_time_seconds",
    description: "When the process started, in seconds since 1970",
    read: () => performance.timeOrigin / 1000
  },
  {
    type: "gauge",
    name: "process_resident_memory_bytes",
    description: "Memory that is resident",
    read: () => process.memoryUsage.rss()
  },
  {
    type: "gauge",
    name: "nodejs_heap_size_used_bytes",
    description: "Of the JavaScript heap, what is in use",
    read: () => getHeapStatistics().used_heap_size
  },
  {
    type: "gauge",
    name: "nodejs_heap_size_total_bytes",
    description: "The JavaScript heap as it is now",
    read: () => getHeapStatistics().total_heap_size
  },
  {
    type: "gauge",
    name: "nodejs_heap_size_limit_bytes",
    description: "The JavaScript heap as it may become",
    read: () => getHeapStatistics().heap_size_limit
  },
  {
    type: "gauge",
    name: "nodejs_external_memory_bytes",
    description: "Memory of buffers and the like, outside of the JavaScript heap",
    read: () => getHeapStatistics().external_memory
  }
]

export const layer = (identity: Identity): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      yield* registerReadings([
        ...own(identity),
        ...(yield* eventLoopReadings),
        ...(yield* collectorReadings),
        ...(yield* machineReadings(identity.directories))
      ])
    })
  )
