/** The door's limits, each with its reason. */

/** Bytes of a body. An order of 50 lines is under 8 KiB; HTTP.md promises 256 KiB. */
export const bodyLimitBytes = 256 * 1024

/**
 * Bytes of a body that are taken in though nobody reads them, such as those behind a refusal: a client that has little left
 * to send ends in peace. Then it is not read from any more, and costs nothing until its connection ends. What one read of
 * the system brings may go beyond. Node's own default, said here so that it is known.
 */
export const unreadLimitBytes = 64 * 1024

/**
 * Milliseconds between a refusal that ends a connection and its end, whatever still comes: closed at once, the client's
 * side would lose the answer. As long as the platform itself lets a connection be whose body it leaves unread.
 */
export const lingerMillis = 500

/**
 * Values of a body's JSON that stand in one another. Ours are 3 deep, an event of the payment provider about 10; what is
 * deeper is made to be read for long.
 */
export const nestingLimit = 32

/**
 * Values in a body's JSON that stand beside others. An order of 50 lines has some 150, an event a few hundred; so many
 * that are all wrong are found out in 20 ms.
 */
export const valuesLimit = 4_000

/** Characters of one path parameter: the longest id has 64. A longer one is not the id of anything. */
export const pathParameterLimit = 100

/** Bytes of a path with its query: RFC 9110 wants 8,000 to be understood, and the longest of ours is a tenth of it. */
export const uriLimitBytes = 8 * 1024

/** Bytes of the first line and all headers of a request: Node's own default, said here so that it is known. */
export const headersLimitBytes = 16 * 1024

/** Headers of a request. A browser behind three proxies sends about 40. */
export const headersLimit = 100

/**
 * Milliseconds for the headers, and for the whole request, to arrive; who is late is found out at the next look. So a
 * slow sender, who holds a socket and nothing else, is gone after 27 seconds. 256 KiB in 25 are 10 KiB a second.
 */
export const arrivalMillis = { headers: 10_000, request: 25_000, look: 2_000 }

/** Milliseconds that an idle connection stays open; longer than the 60 s of common proxies, so that they close first. */
export const keepAliveMillis = 65_000

/**
 * Connections that wait to be accepted. A proxy that comes back opens hundreds at once; what the kernel has no room for it
 * drops without a word, and the client tries again after a second. The kernel's own limit (somaxconn) is 4,096.
 */
export const backlog = 2_048

/** Connections. Each takes some 10 KB even when nothing is asked on it; one more is closed as soon as it is accepted. */
export const connectionsMost = 8_192

/** Seconds that a request may wait for the outcome of its order: as asked, and as much as it may ask for. */
export const waitSecondsDefault = 5
export const waitSecondsMost = 30

/** Rows of a page: as many unless asked, and at the most. */
export const pageDefault = 20
export const pageMost = 100
