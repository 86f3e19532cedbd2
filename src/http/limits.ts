/** The door's limits, each with its reason. */

/** Bytes of a body. An order of 50 lines is under 8 KiB; HTTP.md promises 256 KiB. */
export const bodyLimitBytes = 256 * 1024

/** Characters of one path parameter: the longest id has 64. A longer one is not the id of anything. */
export const pathParameterLimit = 100

/** Bytes of all headers of a request: Node's own default, said here so that it is known. */
export const headersLimitBytes = 16 * 1024

/** Milliseconds for the headers, and for the whole request, to arrive. A slow sender holds a socket, nothing else. */
export const headersTimeoutMillis = 10_000
export const requestTimeoutMillis = 30_000

/** Milliseconds that an idle connection stays open; longer than the 60 s of common proxies, so that they close first. */
export const keepAliveMillis = 65_000

/** Seconds that a request may wait for the outcome of its order: as asked, and as much as it may ask for. */
export const waitSecondsDefault = 5
export const waitSecondsMost = 30

/** Rows of a page: as many unless asked, and at the most. */
export const pageDefault = 20
export const pageMost = 100
