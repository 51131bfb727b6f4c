/** The parts of Node's own HTTP parser that the judge uses. Node does not document them. */
declare module 'node:_http_common' {
  interface ParseError extends Error {
    readonly code: string
    readonly reason: string
  }
  type OnHeadersComplete = (
    major: number,
    minor: number,
    fields: string[] | undefined,
    method: number | undefined,
    target: string | undefined,
    status: number | undefined,
    statusText: string | undefined,
    upgrade: boolean | undefined,
    keepAlive: boolean | undefined,
  ) => number

  export class HTTPParser {
    static readonly REQUEST: 1
    static readonly RESPONSE: 2
    static readonly kOnHeaders: 1
    static readonly kOnHeadersComplete: 2
    static readonly kOnBody: 3
    static readonly kOnMessageComplete: 4
    static readonly kLenientHeaders: number
    static readonly kLenientChunkedLength: number
    static readonly kLenientTransferEncoding: number
    static readonly kLenientVersion: number
    static readonly kLenientOptionalCRBeforeLF: number
    static readonly kLenientSpacesAfterChunkSize: number;
    [HTTPParser.kOnHeaders]: (fields: string[], target: string) => void;
    [HTTPParser.kOnHeadersComplete]: OnHeadersComplete;
    [HTTPParser.kOnBody]: (bytes: Buffer) => void;
    [HTTPParser.kOnMessageComplete]: () => void
    initialize(type: number, resource: object, maxHeadBytes: number, lenientFlags: number): void
    execute(bytes: Buffer): number | ParseError
    finish(): ParseError | undefined
  }
  export const methods: readonly string[]
}
