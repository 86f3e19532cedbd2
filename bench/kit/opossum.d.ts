/** As much of opossum's types as the bench uses; the package has none of its own. */
declare module "opossum" {
  export default class CircuitBreaker<A> {
    constructor(
      action: () => Promise<A>,
      options: {
        readonly timeout: number
        readonly errorThresholdPercentage: number
        readonly resetTimeout: number
        readonly capacity: number
      }
    )
    fire(): Promise<A>
    open(): void
    shutdown(): void
  }
}
