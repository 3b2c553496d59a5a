import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    endpointOrigin: string
  }
}
