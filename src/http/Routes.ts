/** Which methods each path knows, so that a wrong method is told from an unknown path. */
import { Context, Layer } from "effect"
import { HttpApi, type HttpApiGroup } from "effect/http-api"
import { Api } from "./Api.ts"
import { MethodNotAllowed } from "./errors.ts"

export class Routes extends Context.Service<
  Routes,
  {
    /**
     * The methods of the path, OPTIONS and (with GET) HEAD included; none when nothing is there. Those of `*` are all
     * (RFC 9110, 9.3.7).
     */
    readonly methodsOf: (url: string) => ReadonlyArray<string>
    readonly notAllowed: (allow: ReadonlyArray<string>) => MethodNotAllowed
  }
>()("holdfast/http/Routes") {
  static readonly layer = Layer.sync(Routes, () => routesOf(Api))
  /** Of another API, on a port of its own. */
  static readonly layerOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(
    api: HttpApi.HttpApi<Id, Groups>
  ) => Layer.sync(Routes, () => routesOf(api))
}

const routesOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(api: HttpApi.HttpApi<Id, Groups>) => {
  const known: Array<{ readonly pattern: RegExp; readonly method: string }> = []
  HttpApi.reflect(api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint }) => {
      const pattern = new RegExp(`^${endpoint.path.replaceAll(/:[^/]+/g, "[^/]+")}$`)
      known.push({ pattern, method: endpoint.method })
    }
  })
  return Routes.of({
    methodsOf: (url) => {
      const path = url.split(/[?#]/, 1)[0] ?? ""
      const at = path === "*" ? known : known.filter(({ pattern }) => pattern.test(path))
      const methods = at.map(({ method }) => method)
      if (methods.length === 0) return []
      return [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].sort()
    },
    notAllowed: (allow) => new MethodNotAllowed({ allow })
  })
}
